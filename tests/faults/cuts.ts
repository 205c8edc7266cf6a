import { compareHandled, type HandledCounts, isComplete } from "./compare.ts";
import { createPlace, type FaultDatabase } from "./databases.ts";
import { plantFault, settleFaults } from "./faults.ts";
import { createHandlers } from "./handlers.ts";
import { Ledger, type LedgerCounts } from "./ledger.ts";
import { readLog } from "./log.ts";
import { openStore } from "./open_store.ts";
import { Proxy } from "./proxy.ts";
import type { Random } from "./random.ts";
import { sleep, until } from "./wait.ts";
import { keepPace, runWriters } from "./writers.ts";

/** What came of the cuts. */
export type CutCounts = HandledCounts & LedgerCounts & {
  /** Connections that were cut. */
  cuts: number;
};

/**
 * Cuts connections between driver and server at random bytes, both ways, under
 * writers and handlers that use them.
 *
 * @param cuts How often.
 * @param fault What is wrong with the writers' provider, for tests of this one.
 */
export async function cutConnections(
  database: FaultDatabase,
  random: Random,
  cuts: number,
  fault?: string,
): Promise<CutCounts> {
  const place = await createPlace(database);
  const { proxy, address } = await Proxy.before(place.address);
  const direct = await openStore(place.address);
  const store = await openStore(address, { connections: 6, patience: 5000 });
  const ledger = new Ledger();
  const seen: string[] = [];
  const begun = new Set<string>();
  const handlers = createHandlers(store, {
    plain: (line) => void seen.push(line),
    transactional: (line) => void begun.add(line),
  });
  const isOver = () => proxy.cuts >= cuts;
  try {
    handlers.start();
    const writing = runWriters({
      provider: fault === undefined
        ? store.provider
        : plantFault(fault, store.provider),
      ledger,
      random,
      isOver,
      // What a fault has lost no handler is given: nobody may wait for it.
      pace: fault === undefined
        ? () => keepPace(2, { ledger, handled: () => begun.size, isOver })
        : () => sleep(5),
    });
    for (let last = 0; !isOver();) {
      // Between two cuts the work goes on, or nothing but connecting is cut.
      await until("writers to go on", () => ledger.events >= last + 3);
      last = ledger.events;
      proxy.cutAt({
        direction: random.next() < 0.5 ? "to the server" : "to the client",
        bytes: random.between(0, 2 ** random.between(4, 13)),
      });
      await until("a connection to be cut", () => !proxy.isArmed);
    }
    await writing;
    await settleFaults();
    const log = await readLog(direct.provider);
    const rows = () => direct.readModel.list();
    await until(
      "handlers to go on by themselves",
      async () => isComplete(log, seen, await rows()),
    );
    return {
      ...ledger.check(await readLog(direct.provider)),
      ...compareHandled(log, [seen], await rows()),
      cuts: proxy.cuts,
    };
  } finally {
    await handlers.stop();
    await proxy.refuse();
    await store.close();
    await direct.close();
    await place.remove();
  }
}
