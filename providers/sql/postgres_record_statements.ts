import type { PostgresTables } from "./postgres_names.ts";

/** The statements of records, and what each is bound to. */
export type PostgresRecordStatements = {
  /** kind, key. */
  selectRecord: string;
  /** kind, after, limit → in the order of the keys. */
  listRecords: string;
  /** kind, until, limit → earliest first. */
  selectDueRecords: string;
  /** kind, key, value, due → a row only if there was none. */
  insertRecord: string;
  /** kind, key, value, due, revision → a row only at that revision. */
  updateRecord: string;
  /** kind, key → a row only if there was one. */
  deleteRecord: string;
  /** kind, key, revision → a row only at that revision. */
  deleteRecordAt: string;
};

/** Writes the statements of records. */
export function createRecordStatements(
  tables: PostgresTables,
): PostgresRecordStatements {
  const records = tables.records.quoted;

  return {
    selectRecord: `
      SELECT kind, key, value, revision, due
      FROM ${records}
      WHERE kind = $1::text AND key = $2::text`,

    listRecords: `
      SELECT kind, key, value, revision, due
      FROM ${records}
      WHERE kind = $1::text AND key > $2::text COLLATE "C"
      ORDER BY key COLLATE "C"
      LIMIT $3::bigint`,

    selectDueRecords: `
      SELECT kind, key, value, revision, due
      FROM ${records}
      WHERE kind = $1::text AND due <= $2::double precision
      ORDER BY due, key COLLATE "C"
      LIMIT $3::bigint`,

    insertRecord: `
      INSERT INTO ${records} (kind, key, value, revision, due)
      VALUES ($1::text, $2::text, $3::text, 1, $4::double precision)
      ON CONFLICT (kind, key) DO NOTHING
      RETURNING 1`,

    updateRecord: `
      UPDATE ${records}
      SET value = $3::text, due = $4::double precision, revision = revision + 1
      WHERE kind = $1::text AND key = $2::text AND revision = $5::bigint
      RETURNING 1`,

    deleteRecord: `
      DELETE FROM ${records}
      WHERE kind = $1::text AND key = $2::text
      RETURNING 1`,

    deleteRecordAt: `
      DELETE FROM ${records}
      WHERE kind = $1::text AND key = $2::text AND revision = $3::bigint
      RETURNING 1`,
  };
}
