import type { Fault } from "./fault.ts";

/** Faults of watching. */
export const watchFaults: readonly Fault[] = [
  {
    fault: "never wakes a listener",
    caughtBy: [
      "watch: every append wakes every listener",
      "handlers: one that waits is woken by an append",
    ],
    plant: () => ({ watch: () => () => {} }),
  },
  {
    fault: "wakes a listener that was ended",
    caughtBy: ["watch: a listener that was ended is woken no more"],
    plant: (good) => ({
      watch(listener) {
        good.watch(listener);
        return () => {};
      },
    }),
  },
  {
    fault: "wakes only the listener that came last",
    caughtBy: ["watch: every append wakes every listener"],
    plant(good) {
      let end = () => {};
      return {
        watch(listener) {
          end();
          return end = good.watch(listener);
        },
      };
    },
  },
  {
    fault: "lets an append fail with what a listener throws",
    caughtBy: [
      "watch: a listener that throws harms neither appends nor others",
    ],
    plant(good) {
      const listeners = new Set<() => void>();
      return {
        watch(listener) {
          listeners.add(listener);
          return () => void listeners.delete(listener);
        },
        async append(...append) {
          const stored = await good.append(...append);
          for (const listener of listeners) listener();
          return stored;
        },
      };
    },
  },
];
