import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { StoreEvent } from "evtstore";
import { compareHandled, type HandledCounts, isComplete } from "./compare.ts";
import { createPlace, type FaultDatabase } from "./databases.ts";
import { PLAIN, TRANSACTIONAL } from "./handlers.ts";
import { Ledger } from "./ledger.ts";
import { lineOf, orderOf, readLog } from "./log.ts";
import { openStore } from "./open_store.ts";
import type { PauseName } from "./pause_process.ts";
import { Workers } from "./processes.ts";
import type { Random } from "./random.ts";
import type { Store } from "./stores/store.ts";
import { sleep, until } from "./wait.ts";
import { keepPace, runWriters } from "./writers.ts";

/** What came of the pauses. */
export type PauseCounts = Omit<HandledCounts, "unordered"> & {
  /** How often a process stood still. */
  pauses: number;
  /** Events that the others handled while it did, beside its transactions. */
  meanwhile: number;
  /** How often the bookmarks were looked at. */
  looks: number;
  /** Looks at which a bookmark had gone back. */
  movedBack: number;
  /** Events that a bookmark had passed before they were handled. */
  passedOver: number;
};

/** On a busy machine it takes longer until the other is at work, in milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Two processes run the same handlers, and the one that is at work stands
 * still for a while: once beside its transactions, once inside one.
 *
 * @param ms How long, in milliseconds.
 * @param fault What is wrong with the workers, for tests of this test.
 */
export async function pauseHandlers(
  database: FaultDatabase,
  random: Random,
  ms: number,
  fault?: string,
): Promise<PauseCounts> {
  const place = await createPlace(database);
  const store = await openStore(place.address);
  const workers = new Workers(place.address);
  const folder = mkdtempSync(join(tmpdir(), "evtstore-pauses-"));
  const bookmarks = new BookmarkLooks(store, workers);
  const args = ["pause", folder, ...(fault === undefined ? [] : [fault])];
  const stopped: number[] = [];
  const ledger = new Ledger();
  let isOver = false;
  let meanwhile = 0;
  const writing = runWriters({
    provider: store.provider,
    ledger,
    random,
    isOver: () => isOver,
    pace: () =>
      keepPace(150, {
        ledger,
        handled: () => workers.handled(),
        isOver: () => isOver,
      }),
  });
  const pause = async (name: PauseName) => {
    const path = join(folder, `${name}.pid`);
    writeFileSync(join(folder, name), "");
    await until(
      `a worker to stand still ${name}`,
      () => existsSync(path) && readFileSync(path, "utf8") !== "",
    );
    const pid = Number(readFileSync(path, "utf8"));
    stopped.push(pid);
    const before = workers.seen().length;
    await sleep(ms);
    if (name === "outside") {
      await until(
        "the other one to be at work",
        () => workers.seen().length > before,
        PATIENCE_MS,
      ).catch(() => {});
      meanwhile = workers.seen().length - before;
    }
    process.kill(pid, "SIGCONT");
    stopped.pop();
  };
  const looking = bookmarks.lookUntil(() => isOver);
  try {
    const both = [workers.start(...args), workers.start(...args)];
    for (const name of ["outside", "inside"] as const) {
      const before = ledger.events;
      await until("events to come", () => ledger.events > before + 20);
      await pause(name);
      await until("events to come", () => ledger.events > before + 60);
    }
    isOver = true;
    await writing;
    await looking;
    const log = await readLog(store.provider);
    await until(
      "handlers to handle the rest",
      async () =>
        isComplete(log, workers.seen(), await store.readModel.list()) ||
        fault !== undefined,
    );
    await bookmarks.look();
    for (const run of both) await workers.finish(run);
    await bookmarks.look();
    ledger.check(log);
    // Each of them is in order, but they are beside one another.
    const { unordered: _, ...handled } = compareHandled(
      log,
      both.map((run) => run.log.read().plain),
      await store.readModel.list(),
    );
    return {
      ...handled,
      ...bookmarks.check(log),
      pauses: 2,
      meanwhile,
    };
  } finally {
    isOver = true;
    for (const pid of stopped) process.kill(pid, "SIGCONT");
    await workers.remove();
    await writing.catch(() => {});
    await store.close();
    await place.remove();
    rmSync(folder, { recursive: true });
  }
}

type Look = {
  bookmark: string;
  position: bigint;
  /** Whether an event was handled by then. */
  handled: Set<string>;
};

/** Where bookmarks stood, and what was handled by then. */
class BookmarkLooks {
  #store: Store;
  #workers: Workers;
  #looks: Look[] = [];

  constructor(store: Store, workers: Workers) {
    this.#store = store;
    this.#workers = workers;
  }

  async lookUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.look();
      await sleep(100);
    }
  }

  /** The bookmark is read first: what is handled after it does not matter. */
  async look(): Promise<void> {
    const { provider, readModel } = this.#store;
    for (const bookmark of [PLAIN, TRANSACTIONAL]) {
      const position = orderOf(await provider.getPosition(bookmark));
      const handled = bookmark === PLAIN
        ? this.#workers.seen()
        : await readModel.list();
      this.#looks.push({ bookmark, position, handled: new Set(handled) });
    }
  }

  check(
    log: StoreEvent<any>[],
  ): Pick<PauseCounts, "looks" | "movedBack" | "passedOver"> {
    const highest = new Map<string, bigint>();
    const passedOver = new Set<string>();
    let movedBack = 0;
    for (const { bookmark, position, handled } of this.#looks) {
      if (position < (highest.get(bookmark) ?? 0n)) movedBack++;
      else highest.set(bookmark, position);
      for (const event of log) {
        if (orderOf(event.position) > position) break;
        const line = lineOf(event);
        if (!handled.has(line)) passedOver.add(`${bookmark} ${line}`);
      }
    }
    return {
      looks: this.#looks.length,
      movedBack,
      passedOver: passedOver.size,
    };
  }
}
