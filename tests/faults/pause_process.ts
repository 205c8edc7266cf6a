import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { FullProvider } from "./stores/store.ts";
import { createGate } from "../../testing/time.ts";

/** How a process stops itself, at a moment that another one asks for. */
export type Pauses = {
  /** Stops here, beside no transaction, if it is asked for. */
  atPlain(): Promise<void>;
  /** Stops here, inside a transaction, if it is asked for. */
  inTransaction(): void;
  /** Notices transactions. */
  watchTransactions(provider: FullProvider): FullProvider;
};

/** What is asked for by a file of this name. */
export type PauseName = "outside" | "inside";

/**
 * Of the processes that share the folder, the first that comes to where a
 * pause is asked for writes its pid beside the request, and stops.
 */
export function createPauses(folder: string): Pauses {
  let transactions = 0;
  let gate: ReturnType<typeof createGate> | undefined;
  let drained = createGate();

  const stopIfFirst = (name: PauseName) => {
    try {
      const path = join(folder, `${name}.pid`);
      writeFileSync(path, String(process.pid), { flag: "wx" });
    } catch {
      return;
    }
    process.kill(process.pid, "SIGSTOP");
  };
  const isAskedFor = (name: PauseName) =>
    existsSync(join(folder, name)) && !existsSync(join(folder, `${name}.pid`));

  return {
    async atPlain() {
      if (!isAskedFor("outside")) return;
      // A transaction that stands still would keep the others from working.
      gate = createGate();
      drained = createGate();
      if (transactions > 0) await drained.opened;
      stopIfFirst("outside");
      gate.open();
      gate = undefined;
    },
    inTransaction() {
      if (isAskedFor("inside")) stopIfFirst("inside");
    },
    watchTransactions: (provider) =>
      !("transact" in provider) ? provider : ({
        ...provider,
        async transact(work) {
          await gate?.opened;
          transactions++;
          try {
            return await provider.transact(work);
          } finally {
            if (--transactions === 0) drained.open();
          }
        },
      }),
  };
}
