import type { Neo4jDriver } from "./client.ts";

/**
 * Runs one query and gives its rows as objects: of a node its properties, of
 * anything else the value under its name.
 *
 * @example
 * ```ts ignore
 * import neo4j from "neo4j-driver";
 * import { cypher } from "evtstore/provider/neo4j";
 *
 * const client = neo4j.driver("bolt://127.0.0.1:7687");
 * const [row] = await cypher<{ total: unknown }>(
 *   client,
 *   "MATCH (e:Events) RETURN count(e) AS total",
 * );
 * console.log(String(row?.total));
 * ```
 *
 * @param client The driver, or the promise of one.
 * @param query The query, with `$names` for what comes from outside.
 * @param params What the names stand for.
 */
export async function cypher<T = unknown>(
  client: Neo4jDriver | Promise<Neo4jDriver>,
  query: string,
  params?: Record<string, unknown>,
): Promise<T[]> {
  const session = (await client).session({ defaultAccessMode: "WRITE" });
  try {
    const { records } = await session.run(query, params);
    return records.map((record) => toObject(record.toObject()) as T);
  } finally {
    await session.close();
  }
}

function toObject(row: Record<string, any>): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    if (value?.properties === undefined) {
      // "e.stream" without a name of its own is "stream".
      object[name.split(".").at(-1)!] = value;
    } else Object.assign(object, value.properties);
  }
  return object;
}
