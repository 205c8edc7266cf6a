import type { DatabaseSync } from "node:sqlite";
import type { Records } from "../core/records.ts";
import type { SqliteRecordRow, SqliteStatements } from "./sql/sqlite.ts";
import { toRecord } from "./sql/sqlite_rows.ts";
import type { SqliteStore } from "./sqlite_store.ts";
import { checkRecord } from "./record_input.ts";

/** The most records of a list that is not asked for fewer. */
const LIMIT = 1000;

/** Small documents in the table of records. */
export function createRecords(
  store: SqliteStore,
  statements: SqliteStatements,
): Records<DatabaseSync> {
  return {
    get(kind, key, { tx } = {}) {
      return store.read({ what: "records.get", tx }, (connection) => {
        const row = connection.get<SqliteRecordRow>(
          statements.selectRecord,
          kind,
          key,
        );
        return row && toRecord(row);
      });
    },

    list(kind, { after = "", limit = LIMIT, tx } = {}) {
      return store.read(
        { what: "records.list", tx },
        (connection) =>
          connection
            .all<SqliteRecordRow>(statements.listRecords, kind, after, limit)
            .map(toRecord),
      );
    },

    due(kind, until, { limit = LIMIT, tx } = {}) {
      return store.read(
        { what: "records.due", tx },
        (connection) =>
          connection
            .all<SqliteRecordRow>(
              statements.selectDueRecords,
              kind,
              until,
              limit,
            )
            .map(toRecord),
      );
    },

    async put(kind, key, value, { revision, due, tx }) {
      checkRecord(kind, key, value, revision, due);
      const text = JSON.stringify(value);
      return await store.write({ what: "records.put", tx }, (connection) => {
        const changes = revision === 0
          ? connection.run(
            statements.insertRecord,
            kind,
            key,
            text,
            due ?? null,
          )
          : connection.run(
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
      return store.write({ what: "records.remove", tx }, (connection) => {
        const changes = revision === undefined
          ? connection.run(statements.deleteRecord, kind, key)
          : connection.run(statements.deleteRecordAt, kind, key, revision);
        return changes === 1;
      });
    },
  };
}
