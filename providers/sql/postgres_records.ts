import type { Records } from "../../core/records.ts";
import type { PostgresRecordStatements } from "./postgres_record_statements.ts";
import { toRecord } from "./postgres_rows.ts";
import type { PostgresStore } from "./postgres_store.ts";
import { checkTextWithoutNul as checkText } from "../name_input.ts";
import { checkRecord } from "../record_input.ts";

/** The most records of a list that is not asked for fewer. */
const LIMIT = 1000;

/** Small documents in the table of records. */
export function createRecords<Tx>(
  store: PostgresStore<Tx>,
  statements: PostgresRecordStatements,
): Records<Tx> {
  return {
    async get(kind, key, { tx } = {}) {
      checkText("kind", kind);
      checkText("key", key);
      const [row] = await store.read(
        { what: "records.get", tx },
        statements.selectRecord,
        [kind, key],
      );
      return row && toRecord(row);
    },

    async list(kind, { after = "", limit = LIMIT, tx } = {}) {
      checkText("kind", kind);
      checkText("after", after);
      const rows = await store.read(
        { what: "records.list", tx },
        statements.listRecords,
        [kind, after, limit],
      );
      return rows.map(toRecord);
    },

    async due(kind, until, { limit = LIMIT, tx } = {}) {
      checkText("kind", kind);
      const rows = await store.read(
        { what: "records.due", tx },
        statements.selectDueRecords,
        [kind, until, limit],
      );
      return rows.map(toRecord);
    },

    async put(kind, key, value, { revision, due, tx }) {
      checkRecord(kind, key, value, revision, due);
      const values = [kind, key, JSON.stringify(value), due ?? null];
      const operation = { what: "records.put", tx };
      const rows = revision === 0
        ? await store.write(operation, statements.insertRecord, values)
        : await store.write(operation, statements.updateRecord, [
          ...values,
          revision,
        ]);
      return rows.length === 1;
    },

    async remove(kind, key, { revision, tx } = {}) {
      checkText("kind", kind);
      checkText("key", key);
      const operation = { what: "records.remove", tx };
      const rows = revision === undefined
        ? await store.write(operation, statements.deleteRecord, [kind, key])
        : await store.write(operation, statements.deleteRecordAt, [
          kind,
          key,
          revision,
        ]);
      return rows.length === 1;
    },
  };
}
