/**
 * Events as nodes of Neo4j 3.5, by neo4j-driver 5 or 6. For later servers there
 * is `evtstore/provider/neo4j`.
 *
 * Order, and what it can and cannot do, are as there. What 3.5 lacks makes it
 * slower in places: events of several streams are found by their position
 * alone, so a stream with few events in a large log is read slowly at first.
 *
 * @module
 */
import type { Event } from "../core/event.ts";
import { v3Dialect } from "./neo4j/dialect_v3.ts";
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
 * Stores events in Neo4j 3.5. The database must have been prepared by
 * `migrate`. It rejects as the provider for later servers does.
 *
 * @throws {StoreError} `INVALID_INPUT` for a label that cannot be one.
 *
 * @example
 * ```ts ignore
 * import neo4j from "neo4j-driver";
 * import { createProvider, migrate } from "evtstore/provider/neo4j-v3";
 *
 * const client = neo4j.driver("bolt://127.0.0.1:7687");
 * const labels = { events: "Events", bookmarks: "Bookmarks" };
 * await migrate({ client, ...labels });
 * const provider = createProvider({ client, ...labels });
 * ```
 */
export function createProvider<E extends Event = any>(
  options: Options,
): Neo4jProvider<E> {
  return createNeo4jProvider<E>(options, v3Dialect);
}

/**
 * Makes the constraints and indexes that `createProvider` needs, and opens what
 * evtstore 12 has stored, as `migrate` for later servers does.
 *
 * @throws {StoreError} `VERSIONS_COLLIDE` if two old events have the same
 * version of one aggregate; the others as `createProvider`.
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
  return await runMigration(options, v3Dialect);
}
