import type { Records, StoredRecord } from "../core/records.ts";
import { writeOptions } from "./mongo_bookmarks.ts";
import type { MongoSession } from "./mongo_driver.ts";
import { decodeJson, encodeJson } from "./mongo_encode.ts";
import { isDuplicateKey } from "./mongo_errors.ts";
import { readOptions } from "./mongo_read.ts";
import type { Run } from "./mongo_run.ts";
import type { MongoLog } from "./mongo_store.ts";
import { checkRecord } from "./record_input.ts";

/** The most records of a list that is not asked for fewer. */
const LIMIT = 1000;

/** Small documents in the collection of records. */
export function createRecords<Session>(run: Run): Records<Session> {
  const find = (
    what: string,
    tx: Session | undefined,
    filter: object,
    sort: object,
    limit: number,
  ): Promise<StoredRecord[]> =>
    run(what, tx, async (log, session) => {
      // For the driver 0 is no limit, and less than that something else.
      if (limit < 1) return [];
      const documents: StoredRecord[] = await log.records.find(filter, {
        ...readOptions(log, session),
        sort,
        ...(Number.isFinite(limit) ? { limit } : {}),
      }).toArray();
      return documents.map(toRecord);
    });

  return {
    async get(kind, key, { tx } = {}) {
      const [found] = await find("records.get", tx, { kind, key }, {}, 1);
      return found;
    },

    list(kind, { after, limit = LIMIT, tx } = {}) {
      const filter = after === undefined
        ? { kind }
        : { kind, key: { $gt: after } };
      return find("records.list", tx, filter, { key: 1 }, limit);
    },

    due(kind, until, { limit = LIMIT, tx } = {}) {
      const filter = { kind, due: { $lte: until } };
      return find("records.due", tx, filter, { due: 1, key: 1 }, limit);
    },

    async put(kind, key, value, { revision, due, tx }) {
      checkRecord(kind, key, value, revision, due);
      const document = {
        kind,
        key,
        value: encodeJson(value),
        revision: revision + 1,
        ...(due === undefined ? {} : { due }),
      };
      return await run(
        "records.put",
        tx,
        (log, session) =>
          revision === 0
            ? insertRecord(log, document, session)
            : replaceRecord(log, document, revision, session),
      );
    },

    remove(kind, key, { revision, tx } = {}) {
      const filter = {
        kind,
        key,
        ...(revision === undefined ? {} : { revision }),
      };
      return run("records.remove", tx, async (log, session) => {
        const { deletedCount } = await log.records.deleteOne(
          filter,
          writeOptions(session),
        );
        return deletedCount === 1;
      });
    },
  };
}

async function insertRecord(
  log: MongoLog,
  document: StoredRecord,
  session: MongoSession | undefined,
): Promise<boolean> {
  const { kind, key } = document;
  if (session) {
    // A key that exists would end the transaction.
    const [found] = await log.records
      .find({ kind, key }, readOptions(log, session)).toArray();
    if (found) return false;
  }
  try {
    await log.records.insertOne(document, writeOptions(session));
    return true;
  } catch (error) {
    if (!isDuplicateKey(error) || session) throw error;
    return false;
  }
}

// Whole, as names of properties may be what an update takes for its own.
async function replaceRecord(
  log: MongoLog,
  document: StoredRecord,
  revision: number,
  session: MongoSession | undefined,
): Promise<boolean> {
  const { kind, key } = document;
  const { matchedCount } = await log.records.replaceOne(
    { kind, key, revision },
    document,
    writeOptions(session),
  );
  return matchedCount === 1;
}

function toRecord(
  { kind, key, value, revision, due }: StoredRecord,
): StoredRecord {
  return {
    kind,
    key,
    value: decodeJson(value),
    revision,
    ...(due === undefined ? {} : { due }),
  };
}
