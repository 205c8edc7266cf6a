import type { Fault } from "./fault.ts";

/** Faults that a handler with shards would suffer from. */
export const shardFaults: readonly Fault[] = [
  {
    fault: "says that a handler is kept in slices, and stores nothing",
    caughtBy: [
      "shards: a handler without them is refused once there were some",
    ],
    plant: ({ records }) => ({
      records: {
        ...records,
        put: async (...put) =>
          put[1].endsWith("-sliced") || await records.put(...put),
      },
    }),
  },
  {
    fault: "gives what is owned to everybody",
    caughtBy: [
      "shards: processes share the slices, and one that stops hands them on",
    ],
    plant: ({ records }) => ({
      records: {
        ...records,
        put: async (...put) =>
          put[0] === "evtstore.owner" || await records.put(...put),
      },
    }),
  },
];
