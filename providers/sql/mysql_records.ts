import type { Records } from "../../core/records.ts";
import { isDuplicate } from "./mysql_errors.ts";
import { type MysqlRecordRow, toRecord } from "./mysql_rows.ts";
import { checkRecord } from "../record_input.ts";
import { checkLength } from "./mysql_input.ts";
import type { MysqlStore } from "./mysql_store.ts";

/** The most records of a list that is not asked for fewer. */
const LIMIT = 1000;

/** Small documents in the table of records. */
export function createRecords<Tx>(store: MysqlStore<Tx>): Records<Tx> {
  return {
    get(kind, key, { tx } = {}) {
      return store.read(
        { what: "records.get", tx },
        async (session, { statements }) => {
          const [row] = await session.query<MysqlRecordRow>(
            statements.selectRecord,
            [kind, key],
          );
          return row && toRecord(row);
        },
      );
    },

    list(kind, { after = "", limit = LIMIT, tx } = {}) {
      return store.read(
        { what: "records.list", tx },
        async (session, { statements }) => {
          const rows = await session.query<MysqlRecordRow>(
            statements.listRecords,
            [kind, after, limit],
          );
          return rows.map(toRecord);
        },
      );
    },

    due(kind, until, { limit = LIMIT, tx } = {}) {
      return store.read(
        { what: "records.due", tx },
        async (session, { statements }) => {
          const rows = await session.query<MysqlRecordRow>(
            statements.selectDueRecords,
            [kind, until, limit],
          );
          return rows.map(toRecord);
        },
      );
    },

    async put(kind, key, value, { revision, due, tx }) {
      checkRecord(kind, key, value, revision, due);
      checkLength("kind", kind);
      checkLength("key", key);
      const text = JSON.stringify(value);
      return await store.write(
        { what: "records.put", tx },
        async (session, { statements }) => {
          if (revision > 0) {
            const { affectedRows } = await session.run(
              statements.updateRecord,
              [text, due ?? null, kind, key, revision],
            );
            return affectedRows === 1;
          }
          try {
            await session.run(statements.insertRecord, [
              kind,
              key,
              text,
              due ?? null,
            ]);
            return true;
          } catch (error) {
            if (isDuplicate(error)) return false;
            throw error;
          }
        },
      );
    },

    remove(kind, key, { revision, tx } = {}) {
      return store.write(
        { what: "records.remove", tx },
        async (session, { statements }) => {
          const { affectedRows } = revision === undefined
            ? await session.run(statements.deleteRecord, [kind, key])
            : await session.run(statements.deleteRecordAt, [
              kind,
              key,
              revision,
            ]);
          return affectedRows === 1;
        },
      );
    },
  };
}
