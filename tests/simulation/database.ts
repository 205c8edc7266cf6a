import type {
  ErrorCallback,
  EventPage,
  Provider,
} from "../../core/provider.ts";
import type { Records, StoredRecord } from "../../core/records.ts";
import type { Ledger } from "./ledger.ts";
import type { Machine } from "./machine.ts";
import type { Network } from "./network.ts";
import type { Plant } from "./plant.ts";
import { type Effect, keep, type Store, type Transaction } from "./store.ts";

/** The database as one process sees it. */
export type DatabaseClient = Provider<any, Transaction> & {
  /** Writes a row of a read model, inside the transaction of a handler. */
  effect(tx: Transaction, effect: Effect): Promise<void>;
};

/** Whom the database tells of new events. */
export type Watcher = { machine: Machine; tell: () => void };

/** What a client of the database is made of. */
export type ClientOptions = {
  machine: Machine;
  network: Network;
  store: Store;
  ledger: Ledger;
  /** The most events of a page. */
  limit: number;
  /** Whether it has transactions. */
  transactions: boolean;
  /** Whether it tells handlers of new events. */
  watched: Set<Watcher> | undefined;
  onError: ErrorCallback;
  /** What it forgets to compare, if it is to be a bad database. */
  plant: Plant;
};

export const bookmarkKey = (bookmark: string): string => `bookmark/${bookmark}`;
export const recordKey = (kind: string, key: string): string =>
  `record/${kind}/${key}`;

/** The provider of one life of a process. */
export function createDatabaseClient(options: ClientOptions): DatabaseClient {
  const { machine, network, store, ledger, limit, watched, plant } = options;
  const { transactions } = options;

  function ask<T>(what: string, apply: () => T, tx?: Transaction): Promise<T> {
    return network.request(machine, what, tx, apply);
  }

  /** A request of a handler, whose failure somebody has to be told of. */
  function handle<T>(
    what: string,
    apply: () => T,
    tx?: Transaction,
  ): Promise<T> {
    return ask(what, apply, tx).catch((error) => {
      network.unreported.set(error, { machine });
      throw error;
    });
  }

  const unused = (what: string) => () => {
    throw new Error(`No handler calls ${what}`);
  };

  return {
    driver: "simulated",
    limit,
    onError: options.onError,
    records: createRecords(
      ask,
      store,
      plant.recordsWithoutComparing ?? false,
      (member) => ledger.claims(machine, member),
    ),
    createEvents: unused("createEvents"),
    append: unused("append"),

    getEventsFor: (stream, aggregateId, position = 0, options = {}) =>
      ask(`reads ${stream}/${aggregateId} after ${position}`, () =>
        store.log
          .filter((event) =>
            event.stream === stream && event.aggregateId === aggregateId &&
            event.position > position
          )
          .slice(0, options.limit)),

    getPosition: async (bookmark) => {
      // The others are asked for to learn where a log begins.
      const known = ledger.knows(bookmark);
      const what = known ? `reads bookmark ${bookmark}` : "reads a bookmark";
      const position = await handle(
        what,
        () => store.read(bookmarkKey(bookmark)) ?? 0,
      );
      if (known) ledger.bookmarkWasRead(machine, bookmark, position);
      return position;
    },

    setPosition: async (bookmark, position, { from, tx } = {}) => {
      const known = ledger.knows(bookmark);
      if (from === undefined && known) ledger.movedBlindly(machine, bookmark);
      const moved = await handle(
        `moves ${bookmark} from ${from} to ${position}${
          tx ? ` in ${tx.name}` : ""
        }`,
        () =>
          store.write(
            bookmarkKey(bookmark),
            tx,
            (current = 0) =>
              from === undefined || current === from ||
                plant.bookmarksWithoutComparing
                ? position
                : keep,
          ),
        tx,
      );
      if (moved && !tx && known) {
        ledger.bookmarkWasStored(machine, bookmark, position);
      }
      return moved;
    },

    getEventsFrom: (streams, position, size = limit) =>
      // It may be read ahead, and then not be needed.
      ask(`reads ${size} events after ${position}`, () => {
        const most = Math.min(size, limit);
        const wanted = [streams].flat();
        const events: EventPage<any> = store.after(wanted, position, most);
        if (events.length < most) events.scannedTo = store.end;
        return events;
      }),

    getLastEventFor: (streams, aggregateId) =>
      ask("reads the last event", () => {
        const wanted = [streams].flat();
        return store.log.findLast((event) =>
          wanted.includes(event.stream) &&
          (aggregateId ?? event.aggregateId) === event.aggregateId
        );
      }),

    ...watched && {
      watch: (listener) => {
        const watcher: Watcher = {
          machine,
          tell: () => network.push(machine, "something is new", listener),
        };
        watched.add(watcher);
        return () => void watched.delete(watcher);
      },
    },

    ...transactions && {
      transact: async (work) => {
        const tx = await handle("begins", () => network.begin(machine));
        let result;
        try {
          result = await work(tx);
        } catch (error) {
          await ask(`rolls ${tx.name} back`, () => network.rollback(tx), tx)
            .catch(() => {});
          throw error;
        }
        await handle(`commits ${tx.name}`, () => network.commit(tx), tx);
        return result;
      },
    },

    effect: (tx, effect) => {
      const { bookmark, position } = effect;
      const what = `writes a row of ${bookmark} for ${position} in ${tx.name}`;
      return ask(what, () => void tx.effects.push(effect), tx);
    },
  };
}

/** The records of the database, each asked for by a request of its own. */
export function createRecords(
  ask: <T>(what: string, apply: () => T, tx?: Transaction) => Promise<T>,
  store: Store,
  careless: boolean,
  claims: (member: string) => void,
): Records<Transaction> {
  const toRecord = (kind: string, value: any): StoredRecord | undefined =>
    value && { ...value, kind, value: JSON.parse(value.value) };

  return {
    get: (kind, key, { tx } = {}) =>
      ask(
        `gets ${kind} ${key}`,
        () => toRecord(kind, store.read(recordKey(kind, key), tx)),
        tx,
      ),

    list: (kind, { after, limit = 1000, tx } = {}) =>
      ask(
        `lists ${kind}`,
        () =>
          store.list(recordKey(kind, ""), tx)
            .filter(([key]) => !after || key > recordKey(kind, after))
            .slice(0, limit)
            .map(([, value]) => toRecord(kind, value)!),
        tx,
      ),

    due: () => Promise.reject(new Error("Nothing here is due")),

    put: (kind, key, value, { revision, due, tx }) => {
      const text = JSON.stringify(value);
      const { member } = value as { member?: string };
      if (member !== undefined) claims(member);
      return ask(
        // Not all of the value: it names the process that really runs.
        `puts ${kind} ${key} ${member ?? ""} over revision ${revision}`,
        () =>
          store.write(
            recordKey(kind, key),
            tx,
            (current) =>
              (current?.revision ?? 0) === revision || careless
                ? { key, value: text, revision: revision + 1, due }
                : keep,
          ),
        tx,
      );
    },

    remove: (kind, key, { revision, tx } = {}) =>
      ask(
        `removes ${kind} ${key} of revision ${revision}`,
        () =>
          store.write(recordKey(kind, key), tx, (current) =>
            !current || (revision ?? current.revision) !== current.revision
              ? keep
              : undefined),
        tx,
      ),
  };
}
