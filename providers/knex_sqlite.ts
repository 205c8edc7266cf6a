import type { Knex } from "knex";
import { StoreError } from "../core/errors.ts";
import { createEventsMapper, type Event } from "../core/event.ts";
import type { ErrorCallback, Provider } from "../core/provider.ts";
import { checkName } from "../core/validation.ts";
import { checkAppend } from "./append_input.ts";
import { checkTextWithoutNul as checkText, toStreams } from "./name_input.ts";
import type { KnexClient } from "./knex_client.ts";
import {
  appendEvents,
  findCommand,
  readAggregate,
  readHead,
  readLast,
  readPage,
  readVersion,
} from "./knex_sqlite_events.ts";
import { createRecords } from "./knex_sqlite_records.ts";
import { KnexSqliteStore, type SqliteSession } from "./knex_sqlite_store.ts";
import { checkPosition } from "./sql/mysql_rows.ts";
import { createCatalog } from "./sqlite_catalog.ts";
import {
  createStatements,
  type SqliteStatements,
  type SqliteTables,
} from "./sql/sqlite.ts";
import {
  createMigration,
  SELECT_COLUMNS,
  SELECT_INDEXES,
  SELECT_TABLE_SQL,
} from "./sql/sqlite_schema.ts";
import { encodeAppend } from "./sqlite_events.ts";
import { AppendWatcher } from "./append_watch.ts";

/** A provider that can do everything. */
type FullProvider<E extends Event> =
  & Provider<E, Knex.Transaction>
  & Required<
    Pick<
      Provider<E, Knex.Transaction>,
      | "watch"
      | "transact"
      | "records"
      | "findCommand"
      | "horizon"
      | "hold"
      | "catalog"
    >
  >;

/** Makes a provider of a client of Knex on SQLite. */
export function createSqliteProvider<E extends Event>(
  client: KnexClient,
  { tables, limit, onError }: {
    tables: SqliteTables;
    limit: number | undefined;
    onError: ErrorCallback;
  },
): FullProvider<E> {
  const statements = createStatements(tables);
  const store = new KnexSqliteStore(client);
  const head = (what: string) =>
    store.read({ what }, (session) => readHead(session, statements));
  const watcher = new AppendWatcher(
    async () => store.isPrivate ? undefined : await head("watch"),
    onError,
  );
  const appendedIn = new WeakSet<Knex.Transaction>();

  // SQLite takes a negative limit for none.
  const limitOf = (given = Infinity): number => {
    const least = Math.min(given, limit ?? Infinity);
    return Number.isFinite(least) ? Math.max(0, Math.floor(least)) : -1;
  };

  return {
    driver: "knex",
    ...(limit === undefined ? {} : { limit }),
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

    async getEventsFrom(stream, position, pageLimit) {
      const streams = toStreams(stream, checkText);
      const after = checkPosition("position", position ?? 0);
      return await store.read(
        { what: "getEventsFrom", facts: { stream: streams.join(", ") } },
        (session) =>
          readPage<E>(session, statements, streams, after, limitOf(pageLimit)),
      );
    },

    async getEventsFor(stream, aggregateId, fromPosition, options = {}) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      const after = checkPosition("fromPosition", fromPosition ?? 0);
      const { limit: most, tx } = options;
      return await store.read(
        { what: "getEventsFor", tx, facts: { stream, aggregateId } },
        (session) =>
          readAggregate<E>(
            session,
            statements,
            stream,
            aggregateId,
            after,
            limitOf(most),
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
        (session) => appendEvents(session, statements, encoded),
      );
      // In a transaction they are new when it commits.
      if (tx === undefined) watcher.appended(positions.at(-1));
      else appendedIn.add(tx);
      return events.map((stored, index) => ({
        ...stored,
        position: positions[index],
      }));
    },

    watch: (listener) => watcher.watch(listener),

    async transact(work) {
      let transaction: Knex.Transaction | undefined;
      const result = await store.transact((tx) => {
        transaction = tx;
        return work(tx);
      });
      if (transaction && appendedIn.has(transaction)) watcher.appended();
      return result;
    },

    records: createRecords(store, statements),

    catalog: createCatalog(
      statements,
      (what, sql, ...values) =>
        store.read({ what }, (session) => session.all(sql, ...values)),
      checkPosition,
    ),

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
}

/**
 * Makes the tables, or adds to them what is missing.
 *
 * @returns The statements, with `print`.
 */
export async function migrateSqlite(
  client: KnexClient,
  tables: SqliteTables,
  print: boolean,
): Promise<string[]> {
  const store = new KnexSqliteStore(client);
  const operation = { what: "migrate" };
  if (print) {
    return await store.read(operation, (session) => missing(session, tables));
  }
  await store.write(operation, async (session) => {
    for (const statement of await missing(session, tables)) {
      await session.run(statement);
    }
    // IF NOT EXISTS passes over another index or table of that name.
    const [left] = await missing(session, tables);
    if (left) {
      throw new StoreError(
        "STORE_FAILED",
        `Cannot migrate: its name is taken by something else in the database: ${left}`,
      );
    }
  });
  return [];
}

async function missing(
  session: SqliteSession,
  tables: SqliteTables,
): Promise<string[]> {
  // The comparison does not wait, so everything is looked up before it.
  const found = new Map<string, unknown[]>();
  for (const table of Object.values(tables)) {
    for (const sql of [SELECT_COLUMNS, SELECT_INDEXES, SELECT_TABLE_SQL]) {
      found.set(`${table} ${sql}`, await session.all(sql, table));
    }
  }
  return createMigration(
    tables,
    <Row>(sql: string, table: string) =>
      (found.get(`${table} ${sql}`) ?? []) as Row[],
  );
}

async function moveBookmark(
  session: SqliteSession,
  statements: SqliteStatements,
  bookmark: string,
  to: number,
  from: number | undefined,
): Promise<number> {
  if (from === undefined) {
    return await session.run(statements.upsertBookmark, bookmark, to);
  }
  return from === 0
    ? await session.run(statements.startBookmark, bookmark, to)
    : await session.run(statements.moveBookmark, to, bookmark, from);
}
