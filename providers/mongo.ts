/**
 * Events in MongoDB 5 or newer, by the driver `mongodb` 6 or 7, on the
 * collections of evtstore 12.
 *
 * Order: positions are consecutive, a unique index gives each to one writer,
 * and a writer takes the next only after the one before it is committed, so
 * readers need no care. No other writer may draw positions: `migrate` keeps
 * evtstore 12 out. The newest event must never be deleted, and the collection
 * of events not be sharded. It has every capability of a provider on a replica
 * set, which may be of one node; without transactions all but `transact` and
 * `hold`. An append in a transaction holds other appends back until it
 * ends, and a process that dies in one until the server ends it: set
 * `transactionLifetimeLimitSeconds` to 5.
 *
 * @module
 */
import { defaultOnError } from "../core/default_on_error.ts";
import type { StoreErrorFacts } from "../core/errors.ts";
import { createEventsMapper, type Event } from "../core/event.ts";
import { checkName } from "../core/validation.ts";
import { checkAppend } from "./append_input.ts";
import { createCatalog } from "./mongo_catalog.ts";
import { checkText, toStreams } from "./name_input.ts";
import {
  moveBookmark,
  readBookmark,
  storeBookmark,
} from "./mongo_bookmarks.ts";
import { MongoCommitter } from "./mongo_committer.ts";
import { createCommit, toStoreEvent } from "./mongo_documents.ts";
import type { MongoSession } from "./mongo_driver.ts";
import { isTransient, toStoreError } from "./mongo_errors.ts";
import {
  createInTransaction,
  type InTransaction,
} from "./mongo_in_transaction.ts";
import { KnownVersions } from "./mongo_known_versions.ts";
import type { Bookmark, MongoProvider, Options } from "./mongo_options.ts";
import {
  checkPosition,
  START,
  toNumber,
  toTimestamp,
} from "./mongo_position.ts";
import {
  readAggregate,
  readCommand,
  readHead,
  readLast,
  readPage,
} from "./mongo_read.ts";
import { createRecords } from "./mongo_records.ts";
import { MongoSlots } from "./mongo_slots.ts";
import { type MongoLog, MongoStore } from "./mongo_store.ts";
import { MongoTransactions } from "./mongo_transactions.ts";
import { AppendWatcher } from "./mongo_watch.ts";

export { migrate, type MigrateOptions } from "./mongo_migrate.ts";
export type {
  MongoCollection,
  MongoCursor,
  MongoDatabase,
  MongoTimestamp,
} from "./mongo_driver.ts";
export type { GivenCollections } from "./mongo_store.ts";
export type { Bookmark, MongoProvider, Options };

/**
 * Stores events in MongoDB. The collections must have been made by `migrate`.
 *
 * Positions are of the class `Timestamp` of the application's own driver. An
 * event is stored as BSON, as in evtstore 12: a `Date` in it, and the driver's
 * own types, are read back as they are.
 *
 * `transact` begins a session and a transaction; `work` gets the driver's
 * `ClientSession`, and runs again if another transaction was in its way. It is
 * absent with `transactions: false`, and refuses with `NOT_SUPPORTED` on a
 * server that has none. A session of the application's own, with a transaction
 * that it began, can be given as `tx` too.
 *
 * Every method rejects with a `StoreError`: `NOT_MIGRATED`,
 * `STORE_BUSY`, `STORE_FULL`, `STORE_CLOSED`, `CONNECTION_LOST` (nothing was
 * stored), `OUTCOME_UNKNOWN` (the connection was lost before the answer came),
 * `TRANSACTION_CONFLICT`, `TRANSACTION_ENDED`, `TRANSACTION_JOINED`, or
 * `STORE_FAILED` with the driver's error as its cause. With a `tx` the driver's
 * own error is thrown if it asks for the transaction to be run again.
 *
 * @example
 * ```ts ignore
 * import { createProvider, migrate } from "evtstore/provider/mongo";
 * import { MongoClient } from "mongodb";
 *
 * const database = new MongoClient("mongodb://localhost:27017").db("bank");
 * const events = database.collection("events");
 * const bookmarks = database.collection("bookmarks");
 * await migrate({ events, bookmarks });
 * const provider = createProvider({ events, bookmarks });
 * ```
 */
export function createProvider<E extends Event = any, Session = any>(
  options: Options<E, Session>,
): MongoProvider<E, Session> {
  const most = options.limit ?? 1000;
  const onError = options.onError ?? defaultOnError;
  const store = new MongoStore(options, options.transactions);
  const slots = new MongoSlots();
  const known = new KnownVersions();
  const committer = new MongoCommitter(slots, known);
  const transactions = new MongoTransactions(slots);
  const watcher = new AppendWatcher(() => store.open(), onError);

  async function run<T>(
    what: string,
    tx: unknown,
    work: (log: MongoLog, session: MongoSession | undefined) => Promise<T>,
    facts?: StoreErrorFacts,
  ): Promise<T> {
    const session = transactions.check(what, tx);
    const log = await store.open();
    try {
      return await work(log, session);
    } catch (error) {
      // Whoever runs the transaction knows it by this error to run it again.
      if (session && isTransient(error)) throw error;
      throw toStoreError(what, error, facts);
    }
  }

  const limitOf = (limit = most): number => Math.floor(Math.min(limit, most));

  return {
    driver: "mongo",
    limit: most,
    onError,
    records: createRecords<Session>(run),
    catalog: createCatalog(run),
    createEvents: createEventsMapper<E>(undefined),

    async getPosition(bookmark) {
      checkText("bookmark", bookmark);
      return await run(
        "getPosition",
        undefined,
        (log) => readBookmark(log, bookmark),
        { bookmark },
      );
    },

    async setPosition(bookmark, position, { from, tx } = {}) {
      checkName("bookmark", bookmark);
      checkPosition("position", position);
      if (from !== undefined) checkPosition("from", from);
      return await run("setPosition", tx, async (log, session) => {
        if (from === undefined) {
          await storeBookmark(log, bookmark, position, session);
          return;
        }
        return await moveBookmark(log, bookmark, position, from, session);
      }, { bookmark });
    },

    async getEventsFrom(stream, position, limit) {
      const streams = toStreams(stream);
      if (position !== undefined) checkPosition("position", position);
      return await run(
        "getEventsFrom",
        undefined,
        (log) =>
          readPage<E>(
            log,
            streams,
            position ?? toTimestamp(log.Timestamp, START),
            limitOf(limit),
          ),
        { stream: streams.join(", ") },
      );
    },

    async getEventsFor(
      stream,
      aggregateId,
      fromPosition,
      { limit, tx } = {},
    ) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      if (fromPosition !== undefined) {
        checkPosition("fromPosition", fromPosition);
      }
      return await run("getEventsFor", tx, async (log, session) => {
        const documents = await readAggregate(
          log,
          { stream, aggregateId, after: fromPosition },
          known,
          limitOf(limit),
          session,
        );
        const last = documents.at(-1);
        if (last && !session) {
          const { version, position } = last;
          known.add(stream, aggregateId, version, toNumber(position));
        }
        return documents.map((document) => toStoreEvent<E>(document));
      }, { stream, aggregateId });
    },

    async getLastEventFor(stream, aggregateId, { tx } = {}) {
      const streams = toStreams(stream);
      if (aggregateId !== undefined) checkText("aggregateId", aggregateId);
      return await run("getLastEventFor", tx, async (log, session) => {
        const last = await readLast(log, streams, aggregateId, session);
        return last && toStoreEvent<E>(last);
      }, { stream: streams.join(", ") });
    },

    async append(stream, aggregateId, version, events, options = {}) {
      const { commandId, tx } = options;
      checkAppend(stream, aggregateId, version, events, commandId);
      if (events.length === 0) return [];
      if (tx === undefined) transactions.checkOutside("append");
      return await run("append", tx, async (log, session) => {
        const commit = createCommit(
          log.createId,
          stream,
          aggregateId,
          version,
          events,
          commandId,
        );
        const head = session
          ? await transactions.append(log, session, commit)
          : await committer.commit(log, commit);
        // In a transaction they are new when it commits.
        if (!session) watcher.appended();
        return events.map((stored, index) => ({
          ...stored,
          position: toTimestamp(log.Timestamp, head + 1n + BigInt(index)),
        }));
      }, { stream, aggregateId });
    },

    watch: (listener) => watcher.watch(listener),

    ...(options.transactions === false
      ? {} as Record<keyof InTransaction<Session>, never>
      : createInTransaction<Session>({ store, transactions, watcher, run })),

    async findCommand(stream, aggregateId, commandId, { tx } = {}) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      checkText("commandId", commandId);
      return await run("findCommand", tx, async (log, session) => {
        const found = await readCommand(
          log,
          stream,
          aggregateId,
          commandId,
          session,
        );
        return found?.version;
      }, { stream, aggregateId, commandId });
    },

    horizon: () =>
      run("horizon", undefined, async (log) => ({
        position: toTimestamp(log.Timestamp, await readHead(log)),
        // A writer that is not finished holds back writers, never readers.
        blockedBy: [],
      })),
  };
}
