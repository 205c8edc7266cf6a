import { StoreError } from "../../core/errors.ts";
import { createEventsMapper, type Event } from "../../core/event.ts";
import type {
  ErrorCallback,
  FullProvider,
  Horizon,
} from "../../core/provider.ts";
import { checkName } from "../../core/validation.ts";
import { checkAppend } from "../append_input.ts";
import { checkTextWithoutNul as checkText, toStreams } from "../name_input.ts";
import { defaultOnError } from "../../core/default_on_error.ts";
import { createStatements } from "./postgres.ts";
import type { PostgresOrdering } from "./postgres_append_statements.ts";
import { createCatalog } from "./postgres_catalog.ts";
import { PostgresAppender } from "./postgres_appender.ts";
import { readLast, readPage, readPageToHead } from "./postgres_events.ts";
import type { PostgresExecutor } from "./postgres_executor.ts";
import { PostgresLoader } from "./postgres_loader.ts";
import { type PostgresTableOptions, toTables } from "./postgres_names.ts";
import { PostgresOrder } from "./postgres_order.ts";
import { createNotifications } from "./postgres_notifications.ts";
import { createRecords } from "./postgres_records.ts";
import { checkPosition, type Position, toPosition } from "./postgres_rows.ts";
import { PostgresStore } from "./postgres_store.ts";
import { AppendWatcher } from "./postgres_watch.ts";

export type { PostgresOrdering };

/** What the providers of PostgreSQL can be told, whatever the driver. */
export type PostgresOptions = PostgresTableOptions & {
  /** The most events that a read returns. @default {unlimited} */
  limit?: number;
  /** Called with every failure that has no caller; a warning unless given. */
  onError?: ErrorCallback;
  /**
   * How positions are made to appear in order. `"horizon"`: readers wait for
   * whoever is writing to the table. `"serialized"`: writers of this library
   * write one after the other, which is slower and does not cover writers that
   * are not this library; needed to read on a standby. The same for all
   * processes.
   *
   * @default {"horizon"}
   */
  ordering?: PostgresOrdering;
  /**
   * Keep statements prepared. Not possible through PgBouncer before 1.21 in
   * transaction mode.
   *
   * @default {true}
   */
  prepare?: boolean;
  /**
   * Wake the handlers of other processes by NOTIFY, and have a connection of
   * its own LISTEN for those of this one while one runs: within some
   * milliseconds, instead of by a look at the log each 50 ms. It costs some
   * throughput of appends. All processes should have it: of those that do not,
   * this one learns within a second.
   *
   * @default {false}
   */
  notify?: boolean;
  /**
   * How long a transaction of `transact` may lie idle before the database ends
   * it, in milliseconds; 0 is for ever.
   *
   * @default {30000}
   */
  transactionTimeoutMs?: number;
};

/** A provider that can do everything. */
export type PostgresProvider<E extends Event, Tx> = FullProvider<E, Tx>;

/**
 * The provider of PostgreSQL on top of a driver.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the option.
 */
export function createPostgresProvider<E extends Event, Tx>(
  executor: PostgresExecutor<Tx>,
  options: PostgresOptions,
): PostgresProvider<E, Tx> {
  const { ordering = "horizon", onError = defaultOnError } = options;
  const { transactionTimeoutMs = 30_000, prepare = true } = options;
  checkOptions(ordering, transactionTimeoutMs);
  const tables = toTables(options);
  const statements = createStatements(tables, ordering);
  const store = new PostgresStore(executor, {
    prepare,
    transactionTimeoutMs,
    onError,
  });
  const appender = new PostgresAppender(store, statements);
  const loader = new PostgresLoader(store, statements);
  const order = new PostgresOrder(store, statements, tables.events, onError);
  const watcher = new AppendWatcher(
    () => refresh(),
    onError,
    options.notify
      ? createNotifications(
        { executor, store, statements, table: tables.events },
        onError,
      )
      : undefined,
  );
  // Of transactions that `transact` has begun: how far they have appended.
  const transactions = new Map<Tx, { appendedTo?: Position }>();

  async function refresh() {
    return ordering === "horizon"
      ? await order.refresh()
      : { safe: await order.head(), isBlocked: false };
  }

  const limitOf = (limit = Infinity): number | null => {
    const least = Math.min(limit, options.limit ?? Infinity);
    return Number.isFinite(least) ? Math.max(0, Math.floor(least)) : null;
  };

  return {
    driver: executor.driver,
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    onError,

    async getPosition(bookmark) {
      checkText("bookmark", bookmark);
      const [row] = await store.read(
        { what: "getPosition", facts: { bookmark } },
        statements.selectBookmark,
        [bookmark],
      );
      return row ? toPosition(row[0]) : 0;
    },

    async setPosition(bookmark, position, { from, tx } = {}) {
      checkName("bookmark", bookmark);
      const to = String(checkPosition("position", position));
      const start = from === undefined ? from : checkPosition("from", from);
      const operation = { what: "setPosition", tx, facts: { bookmark } };
      if (start === undefined) {
        await store.write(operation, statements.upsertBookmark, [bookmark, to]);
        return;
      }
      const rows = Number(start) === 0
        ? await store.write(operation, statements.startBookmark, [bookmark, to])
        : await store.write(operation, statements.moveBookmark, [
          bookmark,
          to,
          String(start),
        ]);
      return rows.length === 1;
    },

    async getEventsFrom(stream, position, limit) {
      const streams = toStreams(stream, checkText);
      const after = checkPosition("position", position ?? 0);
      const most = limitOf(limit);
      if (ordering === "serialized") {
        await order.check();
        return await readPageToHead<E, Tx>(
          store,
          statements,
          streams,
          after,
          most,
        );
      }
      const { safe, isBlocked } = await order.refresh();
      if (isBlocked) watcher.heldBack(safe);
      return await readPage<E, Tx>(
        store,
        statements,
        streams,
        after,
        safe,
        most,
      );
    },

    async getEventsFor(stream, aggregateId, fromPosition, options = {}) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      const after = checkPosition("fromPosition", fromPosition ?? 0);
      const { limit, tx } = options;
      return await loader.load<E>(
        { stream, aggregateId, after, limit: limitOf(limit) },
        tx,
      );
    },

    async getLastEventFor(stream, aggregateId, { tx } = {}) {
      const streams = toStreams(stream, checkText);
      if (aggregateId !== undefined) checkText("aggregateId", aggregateId);
      return await readLast<E, Tx>(store, statements, streams, aggregateId, tx);
    },

    createEvents: createEventsMapper<E>(0),

    async append(stream, aggregateId, version, events, options = {}) {
      const { commandId, tx } = options;
      if (appender.isFull && tx === undefined) await appender.room();
      checkAppend(stream, aggregateId, version, events, commandId);
      if (events.length === 0) return [];
      const positions = await appender.append(
        { stream, aggregateId, version, events, commandId },
        tx,
      );
      const own = tx === undefined ? undefined : transactions.get(tx);
      const last = positions.at(-1) as Position;
      if (own) own.appendedTo = last;
      else if (tx === undefined) watcher.appended(last);
      else watcher.follow(last);
      return events.map((stored, index) => ({
        ...stored,
        position: positions[index],
      }));
    },

    watch: (listener) => watcher.watch(listener),

    async transact(work) {
      let own: { appendedTo?: Position } = {};
      const result = await store.transact(async (tx) => {
        own = {};
        transactions.set(tx, own);
        try {
          return await work(tx);
        } finally {
          transactions.delete(tx);
        }
      });
      if (own.appendedTo !== undefined) watcher.appended(own.appendedTo);
      return result;
    },

    records: createRecords(store, statements),

    catalog: createCatalog(store, statements),

    async findCommand(stream, aggregateId, commandId, { tx } = {}) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      checkText("commandId", commandId);
      const [row] = await store.read(
        { what: "findCommand", tx, facts: { stream, aggregateId, commandId } },
        statements.selectCommand,
        [stream, aggregateId, commandId],
      );
      return row && Number(row[0]);
    },

    async hold(stream, aggregateId, version, { tx }) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      return await appender.hold(stream, aggregateId, version, tx);
    },

    async horizon(): Promise<Horizon> {
      const { safe } = await refresh();
      const blockedBy = ordering === "horizon" ? await order.blockers() : [];
      return { position: safe, blockedBy };
    },
  };
}

function checkOptions(ordering: string, transactionTimeoutMs: number): void {
  if (ordering !== "horizon" && ordering !== "serialized") {
    throw invalid("ordering", '"horizon" or "serialized"', ordering);
  }
  // Up to what PostgreSQL takes.
  const isTime = Number.isSafeInteger(transactionTimeoutMs) &&
    transactionTimeoutMs >= 0 && transactionTimeoutMs < 2 ** 31;
  if (!isTime) {
    throw invalid(
      "transactionTimeoutMs",
      "a whole number from 0",
      transactionTimeoutMs,
    );
  }
}

function invalid(field: string, wish: string, found: unknown): StoreError {
  return new StoreError(
    "INVALID_INPUT",
    `Expected ${field} to be ${wish}: got ${String(found)}`,
    { field },
  );
}
