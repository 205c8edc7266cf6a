import { type Fault, onAggregates } from "./fault.ts";
import { onRecords } from "./records.ts";

const used = "snapshots: a load reads what follows one, and no more";
const versioned = "snapshots: one of another version is not used";
const changed = "snapshots: a fold that changed is reported, and put right";
const raced = "snapshots: those of racers are right, and the newest stays";
const inside = "snapshots: one is kept of what was committed, and used inside";

/** Faults that snapshots would make worse, or stand still for. */
export const snapshotFaults: readonly Fault[] = [
  {
    fault: "keeps no record, and says that it does",
    caughtBy: [used, versioned, changed, raced, inside],
    plant: (good) => onRecords(good, { put: async () => true }),
  },
  {
    fault: "keeps only the first value of a record",
    caughtBy: [raced],
    plant: (good) =>
      onRecords(good, {
        put: (kind, key, value, options) =>
          options.revision > 0 && kind === "evtstore.snapshot"
            ? Promise.resolve(true)
            : good.records.put(kind, key, value, options),
      }),
  },
  {
    fault: "gives another state than the one that was kept",
    caughtBy: [used, raced, inside],
    plant: (good) =>
      onRecords(good, {
        async get(kind, key, options) {
          const found = await good.records.get(kind, key, options);
          if (kind !== "evtstore.snapshot" || !found) return found;
          const text = JSON.stringify(found.value);
          const value = text.replace(/total\\":(\d+)/g, 'total\\":1$1');
          return { ...found, value: JSON.parse(value) };
        },
      }),
  },
  {
    fault: "reads an aggregate from its beginning, whatever it is asked",
    caughtBy: [used],
    plant: (good) => ({
      getEventsFor: (stream, id, _position, options) =>
        good.getEventsFor(stream, id, undefined, options),
    }),
  },
  {
    fault: "does not see inside a transaction what it has appended",
    caughtBy: [inside],
    plant: (good) => ({
      getEventsFor: (stream, id, position, { tx: _, ...options } = {}) =>
        good.getEventsFor(stream, id, position, options),
      getLastEventFor: (streams, id) => good.getLastEventFor(streams, id),
    }),
  },
  {
    fault: "loses the second event of a page",
    caughtBy: [used, raced],
    plant: (good) =>
      onAggregates(good, (events) => events.filter((_, index) => index !== 1)),
  },
];
