import type { Knex } from "knex";
import type { Records } from "../core/records.ts";
import type { KnexSqliteStore } from "./knex_sqlite_store.ts";
import { checkRecord } from "./record_input.ts";
import type { SqliteRecordRow, SqliteStatements } from "./sql/sqlite.ts";
import { toRecord } from "./sql/sqlite_rows.ts";

/** The most records of a list that is not asked for fewer. */
const LIMIT = 1000;

/** Small documents in the table of records. */
export function createRecords(
  store: KnexSqliteStore,
  statements: SqliteStatements,
): Records<Knex.Transaction> {
  return {
    get(kind, key, { tx } = {}) {
      return store.read({ what: "records.get", tx }, async (session) => {
        const row = await session.get<SqliteRecordRow>(
          statements.selectRecord,
          kind,
          key,
        );
        return row && toRecord(row);
      });
    },

    list(kind, { after = "", limit = LIMIT, tx } = {}) {
      return store.read({ what: "records.list", tx }, async (session) => {
        const rows = await session.all<SqliteRecordRow>(
          statements.listRecords,
          kind,
          after,
          limit,
        );
        return rows.map(toRecord);
      });
    },

    due(kind, until, { limit = LIMIT, tx } = {}) {
      return store.read({ what: "records.due", tx }, async (session) => {
        const rows = await session.all<SqliteRecordRow>(
          statements.selectDueRecords,
          kind,
          until,
          limit,
        );
        return rows.map(toRecord);
      });
    },

    async put(kind, key, value, { revision, due, tx }) {
      checkRecord(kind, key, value, revision, due);
      const text = JSON.stringify(value);
      return await store.write({ what: "records.put", tx }, async (session) => {
        const changes = revision === 0
          ? await session.run(
            statements.insertRecord,
            kind,
            key,
            text,
            due ?? null,
          )
          : await session.run(
            statements.updateRecord,
            text,
            due ?? null,
            kind,
            key,
            revision,
          );
        return changes === 1;
      });
    },

    remove(kind, key, { revision, tx } = {}) {
      return store.write({ what: "records.remove", tx }, async (session) => {
        const changes = revision === undefined
          ? await session.run(statements.deleteRecord, kind, key)
          : await session.run(statements.deleteRecordAt, kind, key, revision);
        return changes === 1;
      });
    },
  };
}
