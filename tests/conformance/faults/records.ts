import type { StoredRecord } from "evtstore";
import type { Fault, Good } from "./fault.ts";

/** Faults of records. */
export const recordFaults: readonly Fault[] = [
  {
    fault: "overwrites a record whatever its revision",
    caughtBy: [
      "records: put with revision 0 creates, and never overwrites",
      "records: put with another revision than it has changes nothing",
    ],
    plant: (good) =>
      onRecords(good, {
        async put(kind, key, value, options) {
          const revision = (await good.records.get(kind, key))?.revision ?? 0;
          return await good.records.put(kind, key, value, {
            ...options,
            revision,
          });
        },
      }),
  },
  {
    fault: "reads a record's revision and then writes it",
    caughtBy: [
      "records: one of eight racers creates, and one changes",
      "records: a counter of racers that try again is right",
      "erasure: racers that make a key make the same one",
    ],
    plant: (good) =>
      onRecords(good, {
        async put(kind, key, value, options) {
          const found = await good.records.get(kind, key);
          if ((found?.revision ?? 0) !== options.revision) return false;
          await new Promise((resolve) => setTimeout(resolve));
          const revision = (await good.records.get(kind, key))?.revision ?? 0;
          await good.records.put(kind, key, value, { ...options, revision });
          return true;
        },
      }),
  },
  {
    fault: "lists no records",
    caughtBy: [
      "records: a list has all of a kind in the order of their bytes",
      "one at a time: of two processes that start a handler one works",
    ],
    plant: (good) => onRecords(good, { list: async () => [] }),
  },
  {
    fault: "removes nothing",
    caughtBy: ["records: remove ends one, and says whether there was one"],
    plant: (good) =>
      onRecords(good, {
        remove: async (kind, key) =>
          await good.records.get(kind, key) !== undefined,
      }),
  },
  {
    fault: "removes a record whatever its revision",
    caughtBy: [
      "records: remove with another revision than it has leaves it",
    ],
    plant: (good) =>
      onRecords(good, {
        remove: (kind, key) => good.records.remove(kind, key),
      }),
  },
  {
    fault: "lists records in the order of their UTF-16 units",
    caughtBy: [
      "records: a list has all of a kind in the order of their bytes",
    ],
    plant: (good) =>
      onRecords(good, {
        list: async (...list) =>
          (await good.records.list(...list))
            .sort((a, b) => a.key < b.key ? -1 : 1),
      }),
  },
  {
    fault: "lists records from the first, whatever it is asked",
    caughtBy: ["records: a list is read in pages"],
    plant: (good) =>
      onRecords(good, {
        list: (kind, { after: _, ...options } = {}) =>
          good.records.list(kind, options),
      }),
  },
  {
    fault: "forgets when a record is due",
    caughtBy: ["due records: those due by then are found, the earliest first"],
    plant: (good) =>
      onRecords(good, {
        put: (kind, key, value, { due: _, ...options }) =>
          good.records.put(kind, key, value, options),
      }),
  },
  {
    fault: "keeps when a record was due once",
    caughtBy: ["due records: the next put says anew when it is due"],
    plant: (good) =>
      onRecords(good, {
        async put(kind, key, value, options) {
          const before = (await good.records.get(kind, key))?.due;
          const due = options.due ?? before;
          return await good.records.put(kind, key, value, {
            ...options,
            ...(due === undefined ? {} : { due }),
          });
        },
      }),
  },
  {
    fault: "gives due records in the order of their keys",
    caughtBy: [
      "due records: those due by then are found, the earliest first",
      "due records: the limit leaves the later ones out",
    ],
    plant: (good) =>
      onRecords(good, {
        async due(kind, until, { limit = 1000 } = {}) {
          const all: StoredRecord[] = await good.records.due(kind, until);
          return all.sort((a, b) => a.key < b.key ? -1 : 1).slice(0, limit);
        },
      }),
  },
];

/** Changes what a provider does with records. */
export function onRecords(
  good: Good,
  change: Partial<Good["records"]>,
): Pick<Good, "records"> {
  const { get, list, due, put, remove } = good.records;
  const records = { get, list, due, put, remove };
  for (const [name, method] of Object.entries(records)) {
    Object.assign(records, { [name]: method.bind(good.records) });
  }
  return { records: { ...records, ...change } };
}
