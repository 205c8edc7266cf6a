import type { MongoCollection, MongoTimestamp } from "./mongo_driver.ts";

/** An index as `createIndex` takes it. */
export type Index = {
  keys: { [field: string]: 1 };
  options: {
    name: string;
    unique?: true;
    partialFilterExpression?: object;
  };
};

/** Those of the collection of events: the first two are evtstore 12's. */
export const EVENT_INDEXES: readonly Index[] = [
  {
    keys: { stream: 1, position: 1 },
    options: { name: "stream-position-index", unique: true },
  },
  {
    keys: { stream: 1, aggregateId: 1, version: 1 },
    options: { name: "stream-id-version-index", unique: true },
  },
  {
    keys: { stream: 1, aggregateId: 1, commandId: 1 },
    options: {
      name: "stream-id-command-index",
      unique: true,
      // Only the first event of a command has one.
      partialFilterExpression: { commandId: { $gt: "" } },
    },
  },
];

/** evtstore 12's. */
export const BOOKMARK_INDEXES: readonly Index[] = [
  { keys: { bookmark: 1 }, options: { name: "bookmark-index", unique: true } },
];

/** Those of the collection of records. */
export const RECORD_INDEXES: readonly Index[] = [
  {
    keys: { kind: 1, key: 1 },
    options: { name: "kind-key-index", unique: true },
  },
  { keys: { kind: 1, due: 1 }, options: { name: "kind-due-index" } },
];

/**
 * The index that gives each position to one writer.
 *
 * @param base Where older events share positions, those up to it are left out.
 */
export function positionIndex(base: MongoTimestamp | undefined): Index {
  return {
    keys: { position: 1 },
    options: {
      name: "position-index",
      unique: true,
      ...(base === undefined
        ? {}
        : { partialFilterExpression: { position: { $gt: base } } }),
    },
  };
}

/** Those that the collection does not have, whatever their names are. */
export async function missingIndexes(
  collection: MongoCollection,
  indexes: readonly Index[],
): Promise<Index[]> {
  const found: { key: object; unique?: boolean }[] = await collection
    .listIndexes().toArray()
    // A collection that does not exist has none.
    .catch((error: { code?: unknown }) => {
      if (error.code === 26) return [];
      throw error;
    });
  return indexes.filter(({ keys, options }) =>
    !found.some(({ key, unique }) =>
      JSON.stringify(key) === JSON.stringify(keys) &&
      (unique === true || options.unique === undefined)
    )
  );
}
