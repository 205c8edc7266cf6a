import { createEventsMapper, type Event } from "../../core/event.ts";
import type { ErrorCallback, FullProvider } from "../../core/provider.ts";
import { checkName } from "../../core/validation.ts";
import { checkAppend } from "../append_input.ts";
import { checkTextWithoutNul as checkText, toStreams } from "../name_input.ts";
import { AppendWatcher } from "../append_watch.ts";
import type { MysqlOrdering } from "./mysql_append_statements.ts";
import { MysqlBookmarks } from "./mysql_bookmarks.ts";
import { createCatalog } from "./mysql_catalog.ts";
import { MysqlAppender } from "./mysql_appender.ts";
import {
  findCommand,
  readAggregate,
  readLast,
  readPage,
} from "./mysql_events.ts";
import type { MysqlExecutor } from "./mysql_executor.ts";
import { checkLength } from "./mysql_input.ts";
import type { MysqlTables } from "./mysql_names.ts";
import { MysqlOrder } from "./mysql_order.ts";
import { createRecords } from "./mysql_records.ts";
import { checkPosition } from "./mysql_rows.ts";
import { MysqlStore } from "./mysql_store.ts";
import { RecentVersions } from "./recent_versions.ts";

/** How soon a commit of another process is noticed, in milliseconds. */
const POLL_MS = 50;

/** How {@linkcode createMysqlProvider} works. */
export type MysqlProviderOptions = {
  /** The tables. */
  tables: MysqlTables;
  /** The most events that a read returns. */
  limit?: number | undefined;
  /** Called with every failure that has no caller. */
  onError: ErrorCallback;
  /** How positions are made to appear in order. */
  ordering: MysqlOrdering;
  /** How long a transaction may lie idle, in milliseconds. */
  transactionTimeoutMs: number;
};

/** A provider that can do everything. */
export type MysqlProvider<E extends Event, Tx> = FullProvider<E, Tx>;

/** Makes a provider of a driver of MySQL or MariaDB. */
export function createMysqlProvider<E extends Event, Tx>(
  executor: MysqlExecutor<Tx>,
  options: MysqlProviderOptions,
): MysqlProvider<E, Tx> {
  const { onError } = options;
  const store = new MysqlStore(executor, options);
  const recent = new RecentVersions();
  const appender = new MysqlAppender(store, recent);
  const order = new MysqlOrder(store, options);
  const bookmarks = new MysqlBookmarks(store);
  const watcher = new AppendWatcher(
    async () => (await order.refresh()).safe,
    onError,
    POLL_MS,
  );
  const appendedIn = new WeakSet<Tx & object>();

  const limitOf = (limit?: number): number | undefined => {
    const least = Math.min(limit ?? Infinity, options.limit ?? Infinity);
    return Number.isFinite(least) ? Math.max(0, Math.floor(least)) : undefined;
  };

  return {
    driver: executor.driver,
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    onError,

    async getPosition(bookmark) {
      checkText("bookmark", bookmark);
      return await bookmarks.get(bookmark);
    },

    async setPosition(bookmark, position, { from, tx } = {}) {
      checkName("bookmark", bookmark);
      checkLength("bookmark", bookmark);
      const to = checkPosition("position", position);
      const start = from === undefined
        ? {}
        : { from: checkPosition("from", from) };
      const isMoved = await bookmarks.set(bookmark, to, {
        ...start,
        ...(tx === undefined ? {} : { tx }),
      });
      if (from !== undefined) return isMoved;
    },

    async getEventsFrom(stream, position, limit) {
      const streams = toStreams(stream, checkText);
      const after = checkPosition("position", position ?? 0);
      const { safe } = await order.refresh();
      return await store.read(
        { what: "getEventsFrom", facts: { stream: streams.join(", ") } },
        (session, setup) =>
          readPage<E>(session, setup, streams, after, safe, limitOf(limit)),
      );
    },

    async getEventsFor(stream, aggregateId, fromPosition, options = {}) {
      const { limit, tx } = options;
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      const after = checkPosition("fromPosition", fromPosition ?? 0);
      const found = await store.read(
        { what: "getEventsFor", tx, facts: { stream, aggregateId } },
        (session, setup) =>
          readAggregate<E>(
            session,
            setup,
            stream,
            aggregateId,
            after,
            limitOf(limit),
          ),
      );
      // What a transaction reads may yet be rolled back.
      const last = tx === undefined ? found.at(-1) : undefined;
      if (last) recent.add(stream, aggregateId, last.version);
      return found;
    },

    async getLastEventFor(stream, aggregateId, { tx } = {}) {
      const streams = toStreams(stream, checkText);
      if (aggregateId !== undefined) checkText("aggregateId", aggregateId);
      return await store.read(
        { what: "getLastEventFor", tx, facts: { stream: streams.join(", ") } },
        (session, setup) => readLast<E>(session, setup, streams, aggregateId),
      );
    },

    createEvents: createEventsMapper<E>(0),

    async append(stream, aggregateId, version, events, options = {}) {
      const { commandId, tx } = options;
      if (appender.isFull && tx === undefined) await appender.room();
      checkAppend(stream, aggregateId, version, events, commandId);
      checkLength("stream", stream);
      checkLength("aggregateId", aggregateId);
      if (commandId !== undefined) checkLength("commandId", commandId);
      if (events.length === 0) return [];
      const positions = await appender.append(
        { stream, aggregateId, version, events, commandId },
        tx,
      );
      // In a transaction they are new when it commits.
      if (tx === undefined) watcher.appended();
      else appendedIn.add(tx as Tx & object);
      return events.map((stored, index) => ({
        ...stored,
        position: positions[index],
      }));
    },

    watch: (listener) => watcher.watch(listener),

    async transact(work) {
      let transaction: Tx | undefined;
      const result = await store.transact((tx) => {
        transaction = tx;
        return work(tx);
      });
      if (appendedIn.has(transaction as Tx & object)) watcher.appended();
      return result;
    },

    records: createRecords(store),

    catalog: createCatalog(store),

    async findCommand(stream, aggregateId, commandId, { tx } = {}) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      checkText("commandId", commandId);
      return await store.read(
        { what: "findCommand", tx, facts: { stream, aggregateId, commandId } },
        (session, setup) =>
          findCommand(session, setup, stream, aggregateId, commandId),
      );
    },

    horizon: () => order.horizon(),

    async hold(stream, aggregateId, version, { tx }) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      return await appender.hold(stream, aggregateId, version, tx);
    },
  };
}
