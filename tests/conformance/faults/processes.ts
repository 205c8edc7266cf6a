import { type Fault, onAggregates } from "./fault.ts";
import { onRecords } from "./records.ts";

const repeated =
  "processes: each step is stored once, however often the events come";
const decided =
  "processes: what was decided before a crash is done, and not decided anew";
const refused = "processes: a refused command is told once, and stays refused";
const timed =
  "processes: a timer fires once over several, also after a restart";
const started = "processes: a started one handles, waits and fires by itself";

/** Faults that a process manager would do something twice by, or never. */
export const processFaults: readonly Fault[] = [
  {
    fault: "remembers no command",
    caughtBy: [repeated],
    plant: (good) => ({
      findCommand: async () => undefined,
      append: (
        stream,
        aggregateId,
        version,
        events,
        { commandId: _, ...rest } = {},
      ) => good.append(stream, aggregateId, version, events, rest),
    }),
  },
  {
    fault: "does not give back what was decided",
    caughtBy: [decided, refused],
    plant: (good) =>
      onAggregates(
        good,
        (events) =>
          events.filter(({ event }) => event.type !== "process.reacted"),
      ),
  },
  {
    fault: "forgets when a timer is due",
    caughtBy: [timed, started],
    plant: (good) =>
      onRecords(good, {
        put: (kind, key, value, { due: _, ...options }) =>
          good.records.put(kind, key, value, options),
      }),
  },
  {
    fault: "keeps a timer that has fired",
    caughtBy: [timed],
    plant: (good) => onRecords(good, { remove: async () => true }),
  },
];
