/**
 * Events as nodes of Neo4j 4.4, 5 or one that is named after a year, by
 * neo4j-driver 5 or 6, in the Community Edition too. For 3.5 there is
 * `evtstore/provider/neo4j-v3`.
 *
 * Order: positions are drawn from one node that is locked until the commit, so
 * they are dense and in the order of commits. A commit that becomes visible
 * piece by piece is read only as far as no position is missing. Writers wait
 * for one another; in one process they share a query. It has every capability
 * of a provider, and other processes' appends are seen within 100 ms. Writers of
 * evtstore 12 are not fenced off but noticed: handlers stop with
 * `FOREIGN_WRITER`.
 *
 * @module
 */
import type { Event } from "../core/event.ts";
import { currentDialect } from "./neo4j/dialect_current.ts";
import { type MigrateOptions, runMigration } from "./neo4j/migrate.ts";
import {
  type Bookmark,
  createNeo4jProvider,
  type Neo4jProvider,
  type Options,
} from "./neo4j/provider.ts";

export type { Neo4jDriver, Neo4jTransaction } from "./neo4j/client.ts";
export { cypher } from "./neo4j/cypher.ts";
export type { LabelOptions } from "./neo4j/labels.ts";
export type { Bookmark, MigrateOptions, Neo4jProvider, Options };

/**
 * Stores events in Neo4j. The database must have been prepared by `migrate`.
 *
 * Every method rejects with a `StoreError` of `evtstore`: `NOT_MIGRATED`,
 * `CONNECTION_LOST` (nothing was stored), `OUTCOME_UNKNOWN` (the answer to a
 * write was lost), `LOCK_TIMEOUT` (a transaction kept a lock for ten seconds),
 * `TRANSACTION_CONFLICT`, `TRANSACTION_JOINED` (an append inside `transact`
 * without its `tx`, after one with it), `TRANSACTION_ENDED` (also when it takes
 * longer than `transactionTimeoutMs`), `FOREIGN_WRITER`
 * (evtstore 12 has stored events beside this library), `NOT_SUPPORTED` (a
 * server that another provider is for), `STORE_BUSY`, `STORE_CLOSED`, or
 * `STORE_FAILED` with the driver's error as its cause.
 *
 * @throws {StoreError} `INVALID_INPUT` for a label that cannot be one.
 *
 * @example
 * ```ts ignore
 * import neo4j from "neo4j-driver";
 * import { createProvider, migrate } from "evtstore/provider/neo4j";
 *
 * const client = neo4j.driver(
 *   "bolt://127.0.0.1:7687",
 *   neo4j.auth.basic("neo4j", "password"),
 * );
 * const labels = { events: "Events", bookmarks: "Bookmarks" };
 * await migrate({ client, ...labels });
 * const provider = createProvider({ client, ...labels });
 * ```
 */
export function createProvider<E extends Event = any>(
  options: Options,
): Neo4jProvider<E> {
  return createNeo4jProvider<E>(options, currentDialect);
}

/**
 * Makes the constraints and indexes that `createProvider` needs, and opens what
 * evtstore 12 has stored: its events get a position each, in the order that
 * they had, and its bookmarks the one where their handlers were. It only adds
 * properties and can run twice. Stop the writers of evtstore 12 before: what
 * they store afterwards is noticed, and put behind the others by the next run.
 *
 * @throws {StoreError} `VERSIONS_COLLIDE` if two old events have the same
 * version of one aggregate; the others as `createProvider`.
 *
 * @example
 * ```ts ignore
 * import neo4j from "neo4j-driver";
 * import { migrate } from "evtstore/provider/neo4j";
 *
 * const client = neo4j.driver("bolt://127.0.0.1:7687");
 * const labels = { events: "Events", bookmarks: "Bookmarks" };
 * const statements = await migrate({ client, ...labels, print: true });
 * console.log(statements.join(";\n"));
 * await migrate({ client, ...labels });
 * ```
 */
export function migrate(
  options: MigrateOptions & { print: true },
): Promise<string[]>;
/** Prepares or upgrades the database, as above. */
export function migrate(
  options: MigrateOptions & { print?: false },
): Promise<void>;
export async function migrate(
  options: MigrateOptions,
): Promise<string[] | void> {
  return await runMigration(options, currentDialect);
}
