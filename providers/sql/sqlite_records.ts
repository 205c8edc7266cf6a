import type { Records } from "../../core/records.ts";
import { checkRecord } from "../record_input.ts";
import type { SqliteStatements } from "./sqlite.ts";
import type { SqliteStore } from "./sqlite_provider.ts";
import { type SqliteRecordRow, toRecord } from "./sqlite_rows.ts";
import { after } from "./sqlite_session.ts";

/** The most records of a list that is not asked for fewer. */
const LIMIT = 1000;

/** Small documents in the table of records. */
export function createRecords<Tx>(
  store: SqliteStore<Tx>,
  statements: SqliteStatements,
): Records<Tx> {
  return {
    get(kind, key, { tx } = {}) {
      return store.read({ what: "records.get", tx }, (session) =>
        after(
          session.get<SqliteRecordRow>(statements.selectRecord, kind, key),
          (row) => row && toRecord(row),
        ));
    },

    list(kind, { after: behind = "", limit = LIMIT, tx } = {}) {
      return store.read({ what: "records.list", tx }, (session) =>
        after(
          session.all<SqliteRecordRow>(
            statements.listRecords,
            kind,
            behind,
            limit,
          ),
          (rows) => rows.map(toRecord),
        ));
    },

    due(kind, until, { limit = LIMIT, tx } = {}) {
      return store.read({ what: "records.due", tx }, (session) =>
        after(
          session.all<SqliteRecordRow>(
            statements.selectDueRecords,
            kind,
            until,
            limit,
          ),
          (rows) => rows.map(toRecord),
        ));
    },

    async put(kind, key, value, { revision, due, tx }) {
      checkRecord(kind, key, value, revision, due);
      const at = due ?? null;
      const text = JSON.stringify(value);
      const { insertRecord, updateRecord } = statements;
      const changes = await store.write(
        { what: "records.put", tx },
        (session) =>
          revision === 0
            ? session.run(insertRecord, kind, key, text, at)
            : session.run(updateRecord, text, at, kind, key, revision),
      );
      return changes === 1;
    },

    async remove(kind, key, { revision, tx } = {}) {
      const { deleteRecord, deleteRecordAt } = statements;
      const changes = await store.write(
        { what: "records.remove", tx },
        (session) =>
          revision === undefined
            ? session.run(deleteRecord, kind, key)
            : session.run(deleteRecordAt, kind, key, revision),
      );
      return changes === 1;
    },
  };
}
