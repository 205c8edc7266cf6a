import { compareHandled, type HandledCounts, isComplete } from "./compare.ts";
import { createPlace, type FaultDatabase } from "./databases.ts";
import { createHandlers } from "./handlers.ts";
import { Ledger, type LedgerCounts } from "./ledger.ts";
import { readLog } from "./log.ts";
import { openStore } from "./open_store.ts";
import { type PrivateServer, startPrivateServer } from "./private_server.ts";
import type { Random } from "./random.ts";
import { sleep, until } from "./wait.ts";
import { keepPace, runWriters } from "./writers.ts";

/** What came of the restarts. */
export type RestartCounts = HandledCounts & LedgerCounts & {
  /** How often the server was killed and started again. */
  restarts: number;
  /** Failures that handlers have reported meanwhile. */
  reports: number;
};

/**
 * Kills a server of one's own and starts it again, under writers and handlers
 * of every driver that it has.
 *
 * @param databases Those that run on the server.
 * @param restarts How often.
 * @param change Changes the address that is used, for tests of this one.
 */
export async function restartServer(
  databases: FaultDatabase[],
  random: Random,
  restarts: number,
  change: (address: string) => string = (address) => address,
): Promise<Map<FaultDatabase, RestartCounts>> {
  const server = await startPrivateServer(databases[0]!.server!);
  const loads: Load[] = [];
  try {
    for (const database of databases) {
      loads.push(await Load.start(database, server, random, change));
    }
    for (let restart = 0; restart < restarts; restart++) {
      await Promise.all(loads.map((load) => load.goOn(random.between(20, 60))));
      await sleep(random.between(0, 50));
      await server.kill();
      await sleep(random.between(0, 500));
      await server.start();
    }
    await Promise.all(loads.map((load) => load.goOn(20)));
    const counts = new Map<FaultDatabase, RestartCounts>();
    for (const load of loads) {
      counts.set(load.database, { ...await load.finish(), restarts });
    }
    return counts;
  } finally {
    await Promise.all(loads.map((load) => load.close()));
    await server.remove();
  }
}

/** Writers and handlers of one driver. */
class Load {
  readonly database: FaultDatabase;
  #store: Awaited<ReturnType<typeof openStore>>;
  #handlers: ReturnType<typeof createHandlers>;
  #ledger = new Ledger();
  #seen: string[] = [];
  #begun = new Set<string>();
  #reports = 0;
  #lastReport = "";
  #isOver = false;
  #writing: Promise<void> = Promise.resolve();

  static async start(
    database: FaultDatabase,
    server: PrivateServer,
    random: Random,
    change: (address: string) => string,
  ): Promise<Load> {
    const { address } = await createPlace(database, server.url);
    const load = new Load(
      database,
      await openStore(change(address), {
        connections: 8,
        patience: 5000,
        onError(error) {
          load.#reports++;
          load.#lastReport = String(error);
        },
      }),
    );
    load.#handlers.start();
    load.#writing = runWriters({
      provider: load.#store.provider,
      ledger: load.#ledger,
      random,
      isOver: () => load.#isOver,
      pace: () =>
        keepPace(2, {
          ledger: load.#ledger,
          handled: () => load.#begun.size,
          isOver: () => load.#isOver,
        }),
    });
    // It is awaited at the end.
    load.#writing.catch(() => {});
    return load;
  }

  private constructor(
    database: FaultDatabase,
    store: Awaited<ReturnType<typeof openStore>>,
  ) {
    this.database = database;
    this.#store = store;
    this.#handlers = createHandlers(store, {
      plain: (line) => void this.#seen.push(line),
      transactional: (line) => void this.#begun.add(line),
    });
  }

  /** Resolves when so many more events were acknowledged. */
  async goOn(events: number): Promise<void> {
    const end = this.#ledger.events + events;
    await until("writers to go on", () => this.#ledger.events >= end, 120_000);
  }

  /** Ends the writers, waits for the handlers, and compares. */
  async finish(): Promise<Omit<RestartCounts, "restarts">> {
    this.#isOver = true;
    await this.#writing;
    const { provider, readModel } = this.#store;
    await until(
      "handlers to go on by themselves",
      async () =>
        isComplete(
          await readLog(provider),
          this.#seen,
          await readModel.list(),
        ),
      120_000,
      async () => {
        const log = await readLog(provider);
        const rows = await readModel.list();
        return `of ${this.database.name} ${
          JSON.stringify(compareHandled(log, [this.#seen], rows))
        } after ${this.#lastReport}`;
      },
    );
    const log = await readLog(provider);
    return {
      ...this.#ledger.check(log),
      ...compareHandled(log, [this.#seen], await readModel.list()),
      reports: this.#reports,
    };
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#handlers.stop();
    await this.#writing.catch(() => {});
    await this.#store.close();
  }
}
