import { StoreError } from "../core/errors.ts";
import { checkClient } from "./client_input.ts";
import {
  BSON_OPTIONS,
  databaseOf,
  type MongoCollection,
  type MongoDatabase,
  type TimestampClass,
} from "./mongo_driver.ts";
import { toStoreError } from "./mongo_errors.ts";
import { toNumber } from "./mongo_position.ts";

/** The kind of the document among the records that describes the log. */
export const LOG_KIND = "evtstore:log";

/** Where everything is stored. */
export type MongoCollections = {
  events: MongoCollection;
  bookmarks: MongoCollection;
  records: MongoCollection;
};

/** Collections, or promises of them. */
export type GivenCollections = {
  events: MongoCollection | Promise<MongoCollection>;
  bookmarks: MongoCollection | Promise<MongoCollection>;
  records?: MongoCollection | Promise<MongoCollection>;
};

/** What is known of the log once it was looked at. */
export type MongoLog = MongoCollections & {
  database: MongoDatabase;
  /** The class of positions, in the version of the application's driver. */
  Timestamp: TimestampClass;
  /** A new `_id`. */
  createId(): unknown;
  /** What this library has stored stands after it. */
  base: bigint;
  /** A position that is known to be taken for good: the head is not before it. */
  seen: bigint;
  /** Events at or before the base may share a position. */
  repeats: boolean;
  /** Whether the server has transactions. */
  hasTransactions: boolean;
  /** Of a read that nothing can undo. */
  reading: {
    readConcern: { level: string };
    readPreference: "primary";
  } & typeof BSON_OPTIONS;
};

/** The collections, and the one for records by its default name. */
export async function resolveCollections(
  given: GivenCollections,
): Promise<MongoCollections> {
  const events = await given.events;
  const bookmarks = await given.bookmarks;
  const expected = "a collection of the driver mongodb";
  checkClient("events", events, "insertOne", expected);
  checkClient("bookmarks", bookmarks, "insertOne", expected);
  const records = await given.records ??
    databaseOf(events).collection(`${events.collectionName}_records`);
  return { events, bookmarks, records };
}

/** Whether the server has transactions: one that stands alone has none. */
export async function askTransactions(
  database: MongoDatabase,
): Promise<boolean> {
  const hello = await database.command({ hello: 1 });
  return hello.setName !== undefined || hello.msg === "isdbgrid";
}

/** Looks at the log once, at the first use. */
export class MongoStore {
  #given: GivenCollections;
  #transactions: boolean | undefined;
  #log: Promise<MongoLog> | undefined;

  /**
   * @param given The application's collections.
   * @param transactions What the application says of the server.
   */
  constructor(given: GivenCollections, transactions: boolean | undefined) {
    this.#given = given;
    this.#transactions = transactions;
  }

  /**
   * What is known of the log.
   *
   * @throws {StoreError} `NOT_MIGRATED`
   */
  open(): Promise<MongoLog> {
    return this.#log ??= this.#look().catch((error) => {
      // The next one looks again.
      this.#log = undefined;
      throw toStoreError("open", error);
    });
  }

  async #look(): Promise<MongoLog> {
    const collections = await resolveCollections(this.#given);
    const { events, records } = collections;
    const database = databaseOf(events);
    const isReplicated = await askTransactions(database);
    const reading = {
      readConcern: { level: isReplicated ? "majority" : "local" },
      readPreference: "primary",
      ...BSON_OPTIONS,
    } as const;
    const key = events.collectionName;
    const [found] = await records
      .find({ kind: LOG_KIND, key }, { ...reading, limit: 1 }).toArray();
    if (!found?.base) throw notMigrated(key, "nothing describes it yet");
    if (!await hasPositionIndex(events)) {
      throw notMigrated(key, "it has no unique index on position");
    }
    const Id = found._id.constructor;
    return {
      ...collections,
      database,
      Timestamp: found.base.constructor,
      createId: () => new Id(),
      base: toNumber(found.base),
      seen: toNumber(found.base),
      repeats: found.repeats === true,
      hasTransactions: this.#transactions ?? isReplicated,
      reading,
    };
  }
}

async function hasPositionIndex(events: MongoCollection): Promise<boolean> {
  const indexes: { key: object; unique?: boolean }[] = await events
    .listIndexes().toArray();
  return indexes.some(({ key, unique }) =>
    unique === true && JSON.stringify(key) === '{"position":1}'
  );
}

function notMigrated(collection: string, reason: string): StoreError {
  return new StoreError(
    "NOT_MIGRATED",
    `Cannot use the collection "${collection}": ${reason}; run migrate() of this provider first`,
  );
}
