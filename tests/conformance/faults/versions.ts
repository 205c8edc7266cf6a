import type { Fault } from "./fault.ts";

/** Faults that only a handler with versions would suffer from. */
export const versionFaults: readonly Fault[] = [
  {
    fault: "does not list which version of a handler is live",
    caughtBy: [
      "rebuild: what was handled is a replay, what comes then is live",
    ],
    plant: (good) => ({
      ...good,
      records: {
        ...good.records,
        async list(...list) {
          const all = await good.records.list(...list);
          return all.filter(({ key }) => !key.endsWith("-live"));
        },
      },
    }),
  },
];
