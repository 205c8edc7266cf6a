import type { Fault, Good } from "./fault.ts";
import { onRecords } from "./records.ts";

const beside = "requires: nobody appends to the other one before the commit";
const each =
  "requires: of two transactions that require each other's, one commits";
const racers =
  "requires: of racers that require each other's, never both are stored";
const taken =
  "reservations: a key belongs to one aggregate, until it is released";

/** Faults that commands across aggregates stand on. */
export const claimFaults: readonly Fault[] = [
  {
    fault: "holds nothing, and only says which version there is",
    caughtBy: [beside, racers],
    plant: (good) => concurrent(good),
  },
  {
    fault: "says that every aggregate has the version that it is asked for",
    caughtBy: [
      "hold: it tells the version, also of what the transaction wrote",
      "requires: events are stored only beside that version of another",
      each,
      racers,
    ],
    plant: () => ({ hold: async (_stream, _id, version) => version }),
  },
  {
    fault: "leaves an event where it has held an aggregate",
    caughtBy: [
      "requires: all who require the same of one aggregate are stored",
    ],
    plant: (good) => ({
      async hold(stream, id, version, { tx }) {
        const events = good.createEvents(stream, id, version + 1, [
          { type: "Held" },
        ]);
        await good.append(stream, id, version + 1, events, { tx })
          .catch(() => {});
        return version;
      },
    }),
  },
  {
    fault: "writes a record whoever has it",
    caughtBy: [taken],
    plant: (good) => onRecords(good, { put: async () => true }),
  },
  {
    fault: "cuts keys off",
    caughtBy: ["reservations: keys that are long or look alike are kept apart"],
    plant: (good) =>
      onRecords(good, {
        get: (kind, key, options) =>
          good.records.get(kind, key.slice(0, 41), options),
        put: (kind, key, value, options) =>
          good.records.put(kind, key.slice(0, 41), value, options),
      }),
  },
];

/** Transactions that others can commit beside, as on a server. */
function concurrent(good: Good): Partial<Good> {
  return {
    // Each write commits at once, which nobody is kept from.
    transact: (work) => work(undefined as any),
    hold: async (stream, id) =>
      (await good.getLastEventFor(stream, id))?.version ?? 0,
  };
}
