import { compareHandled, isComplete } from "./compare.ts";
import { createPlace, type FaultDatabase } from "./databases.ts";
import { createHandlers, PLAIN, TRANSACTIONAL } from "./handlers.ts";
import { readLog, STREAMS } from "./log.ts";
import { openStore } from "./open_store.ts";
import { Proxy } from "./proxy.ts";
import type { Store } from "./stores/store.ts";
import { sleep, until } from "./wait.ts";

/** How long connecting and waiting for a connection may take. */
const PATIENCE = 200;
const CONNECTIONS = 4;

/** What came of an outage. */
export type OutageCounts = {
  /** Events that were stored meanwhile, and handled after. */
  events: number;
  /** The codes of what handlers reported. */
  codes: string[];
  /** Pauses between the reports of a handler, in milliseconds. */
  pauses: number[];
  /** Events that a handler missed, or wrote more than once. */
  wrong: number;
};

/** What happens to a store that handlers run on. */
export type Outage = {
  /** Begins it. */
  begin(store: Store, proxy: Proxy): Promise<() => Promise<void>>;
  /** When to end it. */
  isLongEnough(pauses: number): boolean;
};

/** The server takes no connections, until a handler has made some pauses. */
export function noServer(pauses: number): Outage {
  return {
    async begin(_, proxy) {
      await proxy.refuse();
      return () => proxy.accept();
    },
    isLongEnough: (found) => found >= pauses,
  };
}

/** All connections of the pool are taken, for two seconds. */
export function noConnections(): Outage {
  const begunAt = { time: Infinity };
  return {
    async begin(store) {
      const giveBack = await store.takeConnections!();
      begunAt.time = performance.now();
      return giveBack;
    },
    isLongEnough: () => performance.now() - begunAt.time > 2000,
  };
}

type Report = { bookmark: string; code: string; at: number };

/** Lets an outage pass over handlers, and waits until they go on. */
export async function passOutage(
  database: FaultDatabase,
  outage: Outage,
): Promise<OutageCounts> {
  const place = await createPlace(database);
  const { proxy, address } = await Proxy.before(place.address);
  const reports: Report[] = [];
  const direct = await openStore(place.address);
  const store = await openStore(address, {
    connections: CONNECTIONS,
    patience: PATIENCE,
    onError(error, _stream, bookmark) {
      // The provider has its own, of connections that nobody uses.
      if (bookmark !== PLAIN && bookmark !== TRANSACTIONAL) return;
      const code = error.code ?? String(error);
      reports.push({ bookmark, code, at: performance.now() });
    },
  });
  const seen: string[] = [];
  const callbacks = {
    plain: (line: string) => void seen.push(line),
    transactional() {},
  };
  // Without a lease, so that all reports are of the handler's own tries.
  const handlers = createHandlers(store, callbacks, store.provider, false);
  let version = 0;
  const append = async () => {
    const { provider } = direct;
    const [stream = ""] = STREAMS;
    const written = {
      type: "Written",
      commit: `${version}`,
      part: 1,
      parts: 1,
    };
    const events = provider.createEvents(stream, "bb", version + 1, [written]);
    await provider.append(stream, "bb", version + 1, events);
    version++;
  };
  const rows = () => direct.readModel.list();
  try {
    await append();
    handlers.start();
    // On a busy machine its first try may be given up, and made again.
    await until(
      "handlers to start",
      async () => seen.length > 0 && (await rows()).length === 1,
    );
    reports.length = 0;
    const end = await outage.begin(store, proxy);
    while (!outage.isLongEnough(pausesOf(reports).length)) {
      await append();
      await sleep(100);
    }
    const during = [...reports];
    await end();
    const log = await readLog(direct.provider);
    await until(
      "handlers to go on",
      async () => isComplete(log, seen, await rows()),
    );
    const counts = compareHandled(log, [seen], await rows());
    return {
      events: log.length,
      codes: [...new Set(during.map(({ code }) => code))],
      pauses: pausesOf(during),
      wrong: counts.skipped + counts.lost + counts.duplicated +
        counts.invented + counts.unordered,
    };
  } finally {
    await proxy.accept().catch(() => {});
    await handlers.stop();
    await store.close();
    await proxy.refuse();
    await direct.close();
    await place.remove();
  }
}

/** The pauses of the handler that has reported more often. */
function pausesOf(reports: Report[]): number[] {
  const all = [...Map.groupBy(reports, ({ bookmark }) => bookmark).values()]
    .map((some) => some.slice(1).map(({ at }, index) => at - some[index]!.at));
  return all.sort((one, other) => other.length - one.length)[0] ?? [];
}
