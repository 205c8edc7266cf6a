import { compareHandled, type HandledCounts, isComplete } from "./compare.ts";
import { createPlace, type FaultDatabase } from "./databases.ts";
import { openStore } from "./open_store.ts";
import { Ledger } from "./ledger.ts";
import { readLog } from "./log.ts";
import { type Run, Workers } from "./processes.ts";
import type { Random } from "./random.ts";
import type { Store } from "./stores/store.ts";
import { sleep, until } from "./wait.ts";
import { keepPace, runWriters } from "./writers.ts";

/** What came of the kills. */
export type KillCounts = HandledCounts & {
  /** Processes that were killed. */
  kills: number;
  /** Kills that took with them what a transaction had begun to write. */
  inTransaction: number;
  /** Commits that lost to somebody else. */
  races: number;
};

/**
 * Kills the process that runs the handlers again and again, while this one
 * writes, each time after it has handled a random number of events.
 *
 * @param kills How often.
 * @param fault What is wrong with the worker, for tests of this test.
 */
export async function killHandlers(
  database: FaultDatabase,
  random: Random,
  kills: number,
  fault?: string,
): Promise<KillCounts> {
  const place = await createPlace(database);
  const store = await openStore(place.address);
  const workers = new Workers(place.address);
  const ledger = new Ledger();
  let isOver = false;
  const writing = runWriters({
    provider: store.provider,
    ledger,
    random,
    isOver: () => isOver,
    pace: () =>
      keepPace(5, {
        ledger,
        handled: () => workers.handled(),
        isOver: () => isOver,
      }),
  });
  let inTransaction = 0;
  try {
    for (let kill = 0; kill < kills; kill++) {
      const run = workers.start(...(fault === undefined ? [] : [fault]));
      await killAfter(run, random.between(1, 80), random.between(0, 6));
      const rows = new Set(await store.readModel.list());
      if (run.log.read().transactional.some((line) => !rows.has(line))) {
        inTransaction++;
      }
      await endTransactions(store, run);
    }
    isOver = true;
    await writing;
    const log = await readLog(store.provider);
    const last = workers.start();
    await until(
      "a worker that is left alone to handle the rest",
      async () =>
        last.ended !== undefined ||
        fault !== undefined && await isIdle(last) ||
        isComplete(log, workers.seen(), await store.readModel.list()),
    );
    await workers.finish(last);
    ledger.check(log);
    return {
      ...compareHandled(
        log,
        workers.runs.map((run) => run.log.read().plain),
        await store.readModel.list(),
      ),
      kills,
      inTransaction,
      races: ledger.races,
    };
  } finally {
    isOver = true;
    await workers.remove();
    await writing.catch(() => {});
    await store.close();
    await place.remove();
  }
}

async function killAfter(run: Run, events: number, ms: number): Promise<void> {
  await until(
    "a worker to handle what is there",
    () => run.ended !== undefined || run.log.read().size >= events,
  );
  await sleep(ms);
  run.child.kill("SIGKILL");
  await run.end;
  if (run.ended !== "SIGKILL") {
    throw new Error(`A worker ended with ${run.ended}: ${run.errors}`);
  }
}

async function endTransactions(store: Store, run: Run): Promise<void> {
  for (const name of run.log.transactions.slice(-2)) {
    await store.endTransaction?.(name);
  }
}

/** Nothing new for a while: of a faulty worker, it may never be complete. */
async function isIdle({ log }: Run): Promise<boolean> {
  const { size } = log.read();
  await sleep(1500);
  return size > 0 && log.read().size === size;
}
