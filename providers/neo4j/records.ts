import type { Records, StoredRecord } from "../../core/records.ts";
import type { Neo4jTransaction } from "./client.ts";
import type { Labels } from "./labels.ts";
import type { Log } from "./log.ts";
import { toKey } from "./rows.ts";
import type { Ask, Neo4jStore, Row } from "./store.ts";
import { checkText } from "../name_input.ts";
import { toInteger, toLimit, toNumber } from "./values.ts";
import { checkRecord } from "../record_input.ts";

/** The most records of a list that is not asked for fewer. */
const LIMIT = 1000;

/** Small documents, one node each. */
export function createRecords(
  store: Neo4jStore,
  log: Log,
  { records }: Labels,
): Records<Neo4jTransaction> {
  const node = `(r:${records} {_key: $id})`;
  const ask = async (
    what: string,
    tx: Neo4jTransaction | undefined,
    query: string,
    parameters: Row,
    canRepeat = true,
  ): Promise<Row[]> => {
    await log.statements();
    const one: Ask = { what: `records.${what}`, tx, canRepeat };
    return await store.run(one, query, parameters);
  };

  return {
    async get(kind, key, { tx } = {}) {
      checkText("kind", kind);
      checkText("key", key);
      const id = toKey(kind, key);
      const rows = await ask("get", tx, `MATCH ${node} RETURN r`, { id });
      return rows.map(toRecord)[0];
    },

    async list(kind, { after = "", limit = LIMIT, tx } = {}) {
      checkText("kind", kind);
      checkText("after", after);
      const rows = await ask(
        "list",
        tx,
        `MATCH (r:${records}) WHERE r.kind = $kind AND r.key > $after
RETURN r ORDER BY r.kind, r.key LIMIT $limit`,
        { kind, after, limit: toInteger(toLimit(limit)) },
      );
      return rows.map(toRecord);
    },

    async due(kind, until, { limit = LIMIT, tx } = {}) {
      checkText("kind", kind);
      const rows = await ask(
        "due",
        tx,
        `MATCH (r:${records}) WHERE r.kind = $kind AND r.due <= $until
RETURN r ORDER BY r.kind, r.due LIMIT $limit`,
        { kind, until, limit: toInteger(toLimit(limit)) },
      );
      return rows.map(toRecord);
    },

    async put(kind, key, value, { revision, due, tx }) {
      checkRecord(kind, key, value, revision, due);
      const parameters = {
        id: toKey(kind, key),
        kind,
        key,
        value: JSON.stringify(value),
        due: due ?? null,
        revision: toInteger(revision),
        write: crypto.randomUUID(),
      };
      // Locked before it is compared. A write that is repeated finds its mark.
      const rows = await ask(
        "put",
        tx,
        revision === 0
          ? `MERGE ${node}
ON CREATE SET r.kind = $kind, r.key = $key, r.value = $value, r.due = $due,
  r.revision = 1, r._write = $write
SET r._lock = $write
WITH r WHERE r._write = $write
RETURN r.revision AS revision`
          : `MATCH ${node}
SET r._lock = $write
WITH r, r._write = $write AS isRepeated
WHERE r.revision = $revision OR isRepeated
SET r.value = $value, r.due = $due, r.revision = $revision + 1,
  r._write = $write
RETURN r.revision AS revision`,
        parameters,
      );
      return rows.length === 1;
    },

    async remove(kind, key, { revision, tx } = {}) {
      checkText("kind", kind);
      checkText("key", key);
      const rows = await ask(
        "remove",
        tx,
        `MATCH ${node}
SET r._lock = $write
WITH r WHERE $revision IS NULL OR r.revision = $revision
DELETE r
RETURN 1 AS removed`,
        {
          id: toKey(kind, key),
          revision: revision === undefined ? null : toInteger(revision),
          write: crypto.randomUUID(),
        },
        // Nothing is left to tell a repeat by.
        false,
      );
      return rows.length === 1;
    },
  };
}

function toRecord({ r }: Row): StoredRecord {
  const { kind, key, value, revision, due } = r.properties;
  return {
    kind,
    key,
    value: JSON.parse(value),
    revision: toNumber(revision),
    ...due == null ? {} : { due: toNumber(due) },
  };
}
