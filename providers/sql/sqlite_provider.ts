import type { StoreErrorFacts } from "../../core/errors.ts";
import { createEventsMapper, type Event } from "../../core/event.ts";
import type { ErrorCallback, FullProvider } from "../../core/provider.ts";
import { checkName } from "../../core/validation.ts";
import { checkAppend } from "../append_input.ts";
import { toStreams } from "../name_input.ts";
import { AppendWatcher } from "../append_watch.ts";
import {
  createStatements,
  type SqliteStatements,
  type SqliteTables,
} from "./sqlite.ts";
import { createCatalog } from "./sqlite_catalog.ts";
import {
  appendEvents,
  encodeAppend,
  findCommand,
  readAggregate,
  readHead,
  readLast,
  readPage,
  readVersion,
} from "./sqlite_events.ts";
import { createRecords } from "./sqlite_records.ts";
import type { Answer, SqliteSession } from "./sqlite_session.ts";

/** What an operation is called in errors, and where it belongs. */
export type Operation<Tx> = {
  /** The name of the provider's method. */
  what: string;
  /** The transaction of the caller, if it has one. */
  tx?: Tx | undefined;
  /** The names that a caller needs to act on an error. */
  facts?: StoreErrorFacts;
};

/** Something to do; it is over at once if the session answers at once. */
export type Work<T> = (session: SqliteSession) => Answer<T>;

/** A database by one of the drivers, and where each operation runs. */
export type SqliteStore<Tx> = {
  /** Runs `work` on what is committed, or inside the caller's transaction. */
  read<T>(operation: Operation<Tx>, work: Work<T>): Promise<T>;
  /**
   * Runs `work` and commits it, or inside the caller's transaction. It may be
   * run more than once, and throws a `VersionError` or a
   * `DuplicateCommandError` only while it has written nothing.
   */
  write<T>(operation: Operation<Tx>, work: Work<T>): Promise<T>;
  /** Runs `work` in a transaction, and passes on what it throws. */
  transact<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Whether no other connection can reach the database. */
  isPrivate(): boolean | Promise<boolean>;
};

/** What differs between the drivers, and what the application has chosen. */
export type SqliteProviderOptions = {
  driver: string;
  tables: SqliteTables;
  limit: number | undefined;
  onError: ErrorCallback;
  /** Refuses a name that the driver would store as another one. */
  checkText(field: string, value: unknown): void;
  /** Refuses what is no position. */
  checkPosition(field: string, value: unknown): number;
};

/** Makes a provider of a store, and the watcher that it tells of appends. */
export function createSqliteProvider<E extends Event, Tx extends object>(
  store: SqliteStore<Tx>,
  { driver, tables, limit: most, onError, checkText, checkPosition }:
    SqliteProviderOptions,
): { provider: FullProvider<E, Tx>; watcher: AppendWatcher } {
  const statements = createStatements(tables);
  const head = (what: string) =>
    store.read({ what }, (session) => readHead(session, statements));
  const watcher = new AppendWatcher(
    async () => await store.isPrivate() ? undefined : await head("watch"),
    onError,
  );
  // A driver may use one object for all of its transactions.
  const transactions = new WeakMap<Tx, { isAppendedTo: boolean }>();

  // SQLite takes a negative limit for none.
  const limitOf = (given = Infinity): number => {
    const least = Math.min(given, most ?? Infinity);
    return Number.isFinite(least) ? Math.max(0, Math.floor(least)) : -1;
  };

  const provider: FullProvider<E, Tx> = {
    driver,
    ...most === undefined ? {} : { limit: most },
    onError,

    async getPosition(bookmark) {
      checkText("bookmark", bookmark);
      const row = await store.read(
        { what: "getPosition", facts: { bookmark } },
        (session) =>
          session.get<{ position: number }>(
            statements.selectBookmark,
            bookmark,
          ),
      );
      return row?.position ?? 0;
    },

    async setPosition(bookmark, position, { from, tx } = {}) {
      checkName("bookmark", bookmark);
      const to = checkPosition("position", position);
      const start = from === undefined ? from : checkPosition("from", from);
      const changes = await store.write(
        { what: "setPosition", tx, facts: { bookmark } },
        (session) => moveBookmark(session, statements, bookmark, to, start),
      );
      if (start !== undefined) return changes === 1;
    },

    async getEventsFrom(stream, position, limit) {
      const streams = toStreams(stream, checkText);
      const after = checkPosition("position", position ?? 0);
      return await store.read(
        { what: "getEventsFrom", facts: { stream: streams.join(", ") } },
        (session) =>
          readPage<E>(session, statements, streams, after, limitOf(limit)),
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
      const after = checkPosition("fromPosition", fromPosition ?? 0);
      return await store.read(
        { what: "getEventsFor", tx, facts: { stream, aggregateId } },
        (session) =>
          readAggregate<E>(
            session,
            statements,
            stream,
            aggregateId,
            after,
            limitOf(limit),
          ),
      );
    },

    async getLastEventFor(stream, aggregateId, { tx } = {}) {
      const streams = toStreams(stream, checkText);
      if (aggregateId !== undefined) checkText("aggregateId", aggregateId);
      return await store.read(
        { what: "getLastEventFor", tx, facts: { stream: streams.join(", ") } },
        (session) => readLast<E>(session, statements, streams, aggregateId),
      );
    },

    createEvents: createEventsMapper<E>(0),

    async append(stream, aggregateId, version, events, options = {}) {
      const { commandId, tx } = options;
      checkAppend(stream, aggregateId, version, events, commandId);
      if (events.length === 0) return [];
      const encoded = encodeAppend(
        { stream, aggregateId, version, events, commandId },
      );
      const positions = await store.write(
        { what: "append", tx, facts: { stream, aggregateId } },
        (session) => {
          const transaction = tx && transactions.get(tx);
          if (transaction) transaction.isAppendedTo = true;
          return appendEvents(session, statements, encoded);
        },
      );
      // In a transaction they are new when it commits.
      if (tx === undefined) watcher.appended(positions.at(-1));
      return events.map((stored, index) => ({
        ...stored,
        position: positions[index],
      }));
    },

    watch: (listener) => watcher.watch(listener),

    async transact(work) {
      const own = { isAppendedTo: false };
      const result = await store.transact((tx) => {
        transactions.set(tx, own);
        return work(tx);
      });
      if (own.isAppendedTo) watcher.appended();
      return result;
    },

    records: createRecords(store, statements),

    catalog: createCatalog(store, statements, checkPosition),

    async findCommand(stream, aggregateId, commandId, { tx } = {}) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      checkText("commandId", commandId);
      return await store.read(
        { what: "findCommand", tx, facts: { stream, aggregateId, commandId } },
        (session) =>
          findCommand(session, statements, stream, aggregateId, commandId),
      );
    },

    async horizon() {
      return { position: await head("horizon"), blockedBy: [] };
    },

    // Nobody else writes while a transaction has the write lock.
    async hold(stream, aggregateId, _version, { tx }) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      return await store.read(
        { what: "hold", tx, facts: { stream, aggregateId } },
        (session) => readVersion(session, statements, stream, aggregateId),
      );
    },
  };
  return { provider, watcher };
}

function moveBookmark(
  session: SqliteSession,
  statements: SqliteStatements,
  bookmark: string,
  to: number,
  from: number | undefined,
): Answer<number> {
  if (from === undefined) {
    return session.run(statements.upsertBookmark, bookmark, to);
  }
  return from === 0
    ? session.run(statements.startBookmark, bookmark, to)
    : session.run(statements.moveBookmark, to, bookmark, from);
}
