import type { Store, StoreKind, StoreOptions } from "./stores/store.ts";

/**
 * The sorts of databases, by the scheme of their addresses. Only the driver that is needed is loaded, as
 * many processes are started.
 */
export const kinds: Record<string, () => Promise<StoreKind>> = {
  "sqlite": async () => (await import("./stores/sqlite.ts")).sqlite,
  "sqlite+knex": async () => (await import("./stores/sqlite.ts")).knexSqlite,
  "postgres+pg": async () => (await import("./stores/pg.ts")).pgStore,
  "postgres+postgresjs": async () =>
    (await import("./stores/postgres_js.ts")).postgresJsStore,
  "postgres+knex": async () =>
    (await import("./stores/knex_postgres.ts")).knexPostgres,
  "mysql": async () => (await import("./stores/mysql.ts")).mysql,
  "mongodb": async () => (await import("./stores/mongo.ts")).mongo,
  "mongodb+folding": async () =>
    (await import("./stores/mongo.ts")).foldingMongo,
  "nats": async () => (await import("./stores/nats.ts")).nats,
  "bolt": async () => (await import("./stores/neo4j.ts")).neo4j,
};

/** Opens a place by its address. */
export async function openStore(
  address: string,
  options: StoreOptions = {},
): Promise<Store> {
  const scheme = address.slice(0, address.indexOf(":"));
  return await (await kinds[scheme]!()).open(address, options);
}
