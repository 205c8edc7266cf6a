import type { Fault, Good } from "./fault.ts";

const PARKED = "evtstore.parked";

/** Faults that only parking would suffer from, for it alone is so used. */
export const parkingFaults: readonly Fault[] = [
  {
    fault: "says that a parked event is stored, and stores nothing",
    caughtBy: [
      "parking: what fails is kept with its error, the others go on",
      "parking: what comes behind waits, and is replayed in order",
      "parking: several at once keep the order of each aggregate",
    ],
    plant: (good) => onParked(good, { put: async () => true }),
  },
  {
    fault: "says that a parked event is there already",
    caughtBy: ["parking: what fails is kept with its error, the others go on"],
    plant: (good) => onParked(good, { put: async () => false }),
  },
  {
    fault: "lists nothing that is parked",
    caughtBy: [
      "parking: another process knows what is parked",
      "parking: hostile ids and errors are kept apart, and as they are",
    ],
    plant: (good) => onParked(good, { list: async () => [] }),
  },
  {
    fault: "does not find what is parked once it has changed",
    caughtBy: ["parking: what comes behind waits, and is replayed in order"],
    plant: (good) =>
      onParked(good, {
        async list(...list) {
          const all = await good.records.list(...list);
          return all.filter(({ revision }) => revision === 1);
        },
      }),
  },
  {
    fault: "loses all but the failed event of what is parked",
    caughtBy: [
      "parking: what fails is kept with its error, the others go on",
      "parking: discard gives up the event that failed, and no other",
    ],
    plant: (good) =>
      onParked(good, {
        put: (kind, key, value: any, options) =>
          good.records.put(
            kind,
            key,
            { ...value, lastVersion: value.version },
            options,
          ),
      }),
  },
  {
    fault: "changes what is parked in no transaction",
    caughtBy: ["parking: beside a replay a transactional handler writes once"],
    plant: (good) =>
      onParked(good, {
        put: async (kind, key, value, options) =>
          options.tx && options.revision > 0
            ? true
            : await good.records.put(kind, key, value, options),
      }),
  },
  {
    fault: "takes every parked aggregate for the first one",
    caughtBy: [
      "parking: hostile ids and errors are kept apart, and as they are",
    ],
    plant(good) {
      let first: any;
      return onParked(good, {
        put(kind, key, value: any, options) {
          first ??= value;
          const { aggregateId } = first;
          return good.records.put(
            kind,
            key,
            { ...value, aggregateId },
            options,
          );
        },
      });
    },
  },
];

/** Changes the records of what is parked, and no others. */
function onParked(
  good: Good,
  change: Partial<Good["records"]>,
): Pick<Good, "records"> {
  const records = new Proxy(good.records, {
    get: (target, name) => (kind: string, ...rest: unknown[]) => {
      const method = kind === PARKED && Reflect.get(change, name) ||
        Reflect.get(target, name);
      return method.call(target, kind, ...rest);
    },
  });
  return { records };
}
