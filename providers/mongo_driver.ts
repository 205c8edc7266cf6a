import { StoreError } from "../core/errors.ts";

/**
 * A position: MongoDB's `Timestamp`, of whichever version the application's
 * driver is. Its two halves are 32 bits each.
 */
export type MongoTimestamp = {
  /** Tells the types of BSON apart. */
  readonly _bsontype: "Timestamp";
  /** The higher half, seconds in what evtstore 12 stored. */
  getHighBitsUnsigned(): number;
  /** The lower half. */
  getLowBitsUnsigned(): number;
};

/** The class of positions, found in what the application's driver returns. */
export type TimestampClass = new (
  halves: { t: number; i: number },
) => MongoTimestamp;

/** What is needed of the driver's `ClientSession`. */
export type MongoSession = {
  inTransaction(): boolean;
  startTransaction(options?: any): void;
  commitTransaction(): Promise<unknown>;
  abortTransaction(): Promise<unknown>;
  endSession(): Promise<unknown>;
};

/** What is needed of the driver's cursors. */
export type MongoCursor = {
  toArray(): Promise<any[]>;
};

/** What is needed of the driver's change streams. */
export type MongoChangeStream = {
  tryNext(): Promise<unknown>;
  next(): Promise<unknown>;
  close(): Promise<unknown>;
};

/** What is needed of the driver's `Db`. */
export type MongoDatabase = {
  readonly client: { startSession(options?: any): any };
  command(command: any, options?: any): Promise<any>;
  collection(name: string): any;
  createCollection(name: string, options?: any): Promise<unknown>;
  listCollections(filter?: any, options?: any): MongoCursor;
};

/**
 * What is needed of the driver's `Collection`, so that every version of the
 * driver fits, whatever the type of its documents.
 *
 * @typeParam Session The driver's `ClientSession`.
 */
export type MongoCollection<Session = any> = {
  readonly collectionName: string;
  readonly db?: MongoDatabase;
  find(filter: any, options?: any): any;
  aggregate(pipeline: any, options?: any): any;
  distinct(field: any, filter: any, options?: any): Promise<any[]>;
  updateOne(filter: any, update: any, options?: any): Promise<any>;
  replaceOne(filter: any, document: any, options?: any): Promise<any>;
  insertOne(document: any, options?: any): Promise<any>;
  deleteOne(filter?: any, options?: { session?: Session }): Promise<any>;
  createIndex(keys: any, options?: any): Promise<unknown>;
  listIndexes(options?: any): any;
  watch(pipeline?: any, options?: any): any;
};

/**
 * How values are read and written, whatever the options of the application's
 * client are.
 */
export const BSON_OPTIONS = {
  ignoreUndefined: true,
  promoteValues: true,
  promoteLongs: true,
  useBigInt64: false,
  serializeFunctions: false,
  raw: false,
} as const;

/** What an acknowledged write survives: a crash, and the loss of the primary. */
export const WRITE_CONCERN = { w: "majority", j: true } as const;

/** The database that a collection belongs to. */
export function databaseOf(collection: MongoCollection): MongoDatabase {
  // Drivers before 6.17 do not show it.
  const hidden = collection as { s?: { db?: MongoDatabase } };
  const database = collection.db ?? hidden.s?.db;
  if (database) return database;
  throw new StoreError(
    "INVALID_INPUT",
    "Expected events to be a collection of the driver mongodb, version 5 or later",
    { field: "events" },
  );
}
