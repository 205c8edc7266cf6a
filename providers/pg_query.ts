import {
  type PostgresRow,
  type PostgresValue,
  statementName,
} from "./sql/postgres_executor.ts";

/** What is needed of a connection of pg; Knex's are the same. */
export type PgQueryable = {
  query(query: any): Promise<{ rows: any[] }>;
};

/** All values as text: what they are to the application is its own affair. */
const types = { getTypeParser: () => (text: any) => text };

/** Runs a statement, prepared if it is to be. */
export async function queryRows(
  connection: PgQueryable,
  text: string,
  values: readonly PostgresValue[],
  prepare?: boolean,
): Promise<PostgresRow[]> {
  const { rows } = await connection.query({
    text,
    values: [...values],
    rowMode: "array",
    types,
    ...(prepare ? { name: statementName(text) } : {}),
  });
  return rows;
}
