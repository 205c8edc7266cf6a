import type { Provider } from "evtstore";
import { watched } from "./watched.ts";

/** A provider, and what another process does before a call of it. */
export type Beside = {
  provider: Provider<any>;
  /** Does something before a call of that name: the next one, or one later. */
  before(name: string, work: () => unknown, later?: number): void;
};

/** Lets something else happen between two steps of who uses the provider. */
export function beside(provider: Provider<any>): Beside {
  const next = new Map<string, { later: number; work: () => unknown }>();
  return {
    provider: watched(provider, async (name, call) => {
      const due = next.get(name);
      if (due && due.later-- === 0) {
        next.delete(name);
        await due.work();
      }
      return await call();
    }),
    before: (name, work, later = 0) => void next.set(name, { later, work }),
  };
}
