import process from "node:process";
import type { FullProvider } from "./stores/store.ts";
import { PLAIN } from "./handlers.ts";
import { sleep } from "./wait.ts";

/** Kills this process, now. */
async function die(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  return await new Promise(() => {});
}

/** What is still being stored although it was acknowledged. */
const late = new Set<Promise<unknown>>();

/**
 * Resolves when nothing that a fault has put off is under way any more: a log
 * that is read before that grows between two readings of it, which is not what
 * the fault is to be noticed by.
 */
export async function settleFaults(): Promise<void> {
  while (late.size > 0) await Promise.all(late);
}

/**
 * Faults that the tests must notice, by name. Those that need a process to die
 * at a bad moment let it die there.
 */
const faults: Record<string, (good: FullProvider) => Partial<FullProvider>> = {
  /** The bookmark is stored before the page is handled. */
  "bookmark first": (good) => ({
    async getEventsFrom(streams, position, limit) {
      const page = await good.getEventsFrom(streams, position, limit);
      if (page.length < 2) return page;
      await good.setPosition(PLAIN, page.at(-1)!.position);
      setTimeout(die, 1);
      return page;
    },
    setPosition: async (bookmark, position, options) =>
      bookmark === PLAIN
        ? true
        : await good.setPosition(bookmark, position, options),
  }),
  /** The bookmark is stored after the transaction, and not in it. */
  "bookmark after the transaction": (good) => {
    let waiting: (() => Promise<unknown>)[] = [];
    return {
      async setPosition(bookmark, position, { tx, ...options } = {}) {
        const store = () => good.setPosition(bookmark, position, options);
        if (tx === undefined) return await store();
        waiting.push(store);
        return true;
      },
      async transact(work) {
        waiting = [];
        const result = await good.transact(work);
        if (waiting.length > 0) await die();
        return result;
      },
    };
  },
  /** Says that it has stored before it has. */
  "acknowledges first": (good) => ({
    async append(...append) {
      const storing: Promise<unknown> = sleep(5)
        .then(() => good.append(...append))
        .catch(() => {})
        .finally(() => late.delete(storing));
      late.add(storing);
      return append[3];
    },
  }),
  /** Says that nothing was stored when nobody can tell. */
  "refuses what it does not know": (good) => ({
    async append(...append) {
      try {
        return await good.append(...append);
      } catch (error) {
        if ((error as any).code === "OUTCOME_UNKNOWN") {
          (error as any).code = "CONNECTION_LOST";
        }
        throw error;
      }
    },
  }),
  /** Forgets the ids of commands. */
  "forgets commands": (good) => ({
    append: (stream, id, version, events, { commandId: _, ...options } = {}) =>
      good.append(stream, id, version, events, options),
    findCommand: async () => undefined,
  }),
  /** Moves a bookmark from wherever it is. */
  "moves bookmarks blindly": (good) => ({
    async setPosition(bookmark, position, { from: _, ...options } = {}) {
      await good.setPosition(bookmark, position, options);
      return true;
    },
  }),
};

/** The provider with one thing wrong. */
export function plantFault(name: string, good: FullProvider): FullProvider {
  const plant = faults[name];
  if (!plant) throw new Error(`Unknown fault: ${name}`);
  return { ...good, ...plant(good) };
}
