import type { PostgresSession } from "./postgres_executor.ts";
import type { PostgresTable } from "./postgres_names.ts";

/** table → its schema, whether it is partitioned. */
const SELECT_TABLE = `
  SELECT namespace.nspname, (class.relkind = 'p')::integer
  FROM pg_catalog.pg_class AS class
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
  WHERE class.oid = to_regclass($1::text)`;

/** table → name, type, and whether it has a value by itself, of its columns. */
const SELECT_COLUMNS = `
  SELECT
    attribute.attname,
    format_type(attribute.atttypid, attribute.atttypmod),
    (attribute.atthasdef OR attribute.attidentity <> '')::integer
  FROM pg_catalog.pg_attribute AS attribute
  WHERE attribute.attrelid = to_regclass($1::text)
    AND attribute.attnum > 0
    AND NOT attribute.attisdropped`;

/** table → name, unique, partial, valid, and the columns, of its indexes. */
const SELECT_INDEXES = `
  SELECT
    class.relname,
    index.indisunique::integer,
    (index.indpred IS NOT NULL)::integer,
    (index.indisvalid AND index.indisready)::integer,
    array_to_json(ARRAY(
      SELECT coalesce(attribute.attname, '')
      FROM unnest(index.indkey::smallint[]) WITH ORDINALITY AS key (number, place)
      LEFT JOIN pg_catalog.pg_attribute AS attribute
        ON attribute.attrelid = index.indrelid
        AND attribute.attnum = key.number
        AND key.number > 0
      WHERE key.place <= index.indnkeyatts
      ORDER BY key.place
    ))::text
  FROM pg_catalog.pg_index AS index
  JOIN pg_catalog.pg_class AS class ON class.oid = index.indexrelid
  WHERE index.indrelid = to_regclass($1::text)`;

/** A table as it is now. */
export type FoundTable = {
  /** What it is called. */
  table: PostgresTable;
  /** Where it is. */
  schema: string;
  /** Its indexes cannot be built concurrently. */
  isPartitioned: boolean;
  /** By their names. */
  columns: Map<string, { type: string; hasDefault: boolean }>;
  /** The indexes that it has. */
  indexes: FoundIndex[];
};

/** An index as it is now. */
export type FoundIndex = {
  name: string;
  isUnique: boolean;
  isPartial: boolean;
  /** What was left of building it concurrently is not. */
  isValid: boolean;
  /** An expression is an empty name. */
  columns: string[];
};

/** The table as it is now, or undefined if there is none. */
export async function inspectTable(
  run: PostgresSession,
  table: PostgresTable,
): Promise<FoundTable | undefined> {
  const [found] = await run(SELECT_TABLE, [table.quoted]);
  if (!found) return undefined;
  const columns = await run(SELECT_COLUMNS, [table.quoted]);
  const indexes = await run(SELECT_INDEXES, [table.quoted]);
  const [schema, isPartitioned] = found;
  return {
    table,
    schema,
    isPartitioned: Number(isPartitioned) === 1,
    columns: new Map(columns.map(([name, type, hasDefault]) => [
      name,
      { type, hasDefault: Number(hasDefault) === 1 },
    ])),
    indexes: indexes.map(([name, isUnique, isPartial, isValid, columns]) => ({
      name,
      isUnique: Number(isUnique) === 1,
      isPartial: Number(isPartial) === 1,
      isValid: Number(isValid) === 1,
      columns: JSON.parse(columns),
    })),
  };
}
