import { StoreError } from "../core/errors.ts";
import {
  databaseOf,
  type MongoCollection,
  type MongoDatabase,
  type MongoTimestamp,
  type TimestampClass,
  WRITE_CONCERN,
} from "./mongo_driver.ts";
import { isDuplicateKey } from "./mongo_errors.ts";
import { type Fence, fromValidator, toValidator } from "./mongo_fence.ts";
import {
  BOOKMARK_INDEXES,
  EVENT_INDEXES,
  type Index,
  missingIndexes,
  positionIndex,
  RECORD_INDEXES,
} from "./mongo_indexes.ts";
import {
  baseAfter,
  lastAfter,
  toNumber,
  toTimestamp,
} from "./mongo_position.ts";
import {
  PrintedTimestamp,
  shellCollection,
  type Step,
  toShell,
} from "./mongo_shell.ts";
import {
  askTransactions,
  LOG_KIND,
  type MongoCollections,
} from "./mongo_store.ts";

/** What `listCollections` says of a collection. */
type CollectionOptions = {
  collation?: { locale?: string };
  validator?: object;
  validationAction?: string;
};

/** The document that describes the log; without a base it is not finished. */
type LogDocument = {
  made?: MongoTimestamp;
  base?: MongoTimestamp;
  repeats?: boolean;
};

/** One run of `migrate`. */
export class Migration {
  #collections: MongoCollections;
  #database: MongoDatabase;
  #step: Step;
  #isPrinted: boolean;
  #reading: object = {};

  /**
   * @param collections What is migrated.
   * @param step Does a statement, or writes it down.
   * @param isPrinted Whether statements are written down only.
   */
  constructor(collections: MongoCollections, step: Step, isPrinted: boolean) {
    this.#collections = collections;
    this.#database = databaseOf(collections.events);
    this.#step = step;
    this.#isPrinted = isPrinted;
  }

  /** Does what is missing. */
  async run(): Promise<void> {
    const { events, bookmarks, records } = this.#collections;
    const isReplicated = await askTransactions(this.#database);
    this.#reading = {
      readConcern: { level: isReplicated ? "majority" : "local" },
      readPreference: "primary",
    };
    for (const collection of [events, bookmarks, records]) {
      await this.#makeCollection(collection);
    }
    await this.#makeIndexes(bookmarks, BOOKMARK_INDEXES);
    await this.#makeIndexes(records, RECORD_INDEXES);

    const known = await this.#readLog();
    // Between this and the last step nobody writes.
    if (!known?.base) await this.#setFence("closed");
    const last = await this.#readLast();
    const Timestamp = await this.#findTimestamp(known, last);
    const base = known?.base ?? toTimestamp(
      Timestamp,
      baseAfter(last && toNumber(last)),
    );
    const repeats = known?.repeats ?? await this.#makePositionIndex(base);
    await this.#makeIndexes(events, [
      ...EVENT_INDEXES,
      positionIndex(repeats ? base : undefined),
    ]);
    await this.#describeLog(known, base, repeats);
    await this.#openFence(Timestamp, base);
  }

  async #makeCollection({ collectionName }: MongoCollection): Promise<void> {
    const options = await this.#optionsOf(collectionName);
    if (options) {
      checkOptions(collectionName, options);
      return;
    }
    await this.#step(
      `db.createCollection(${JSON.stringify(collectionName)})`,
      () =>
        this.#database.createCollection(collectionName).catch((error) => {
          // Another process made it meanwhile.
          if (error.code !== 48) throw error;
        }),
    );
  }

  async #makeIndexes(
    collection: MongoCollection,
    indexes: readonly Index[],
  ): Promise<void> {
    for (const index of await missingIndexes(collection, indexes)) {
      await this.#makeIndex(collection, index);
    }
  }

  async #makeIndex(
    collection: MongoCollection,
    { keys, options }: Index,
  ): Promise<void> {
    const name = collection.collectionName;
    await this.#step(
      `${shellCollection(name)}.createIndex(${toShell(keys)}, ${
        toShell(options)
      })`,
      () =>
        collection.createIndex(keys, options).catch((error: unknown) => {
          if (!isDuplicateKey(error) || "position" in keys) throw error;
          throw new StoreError(
            "STORE_FAILED",
            `Cannot migrate the collection "${name}": two of its documents have the same ${
              Object.keys(keys).join(", ")
            }; remove one of them`,
            { cause: error },
          );
        }),
    );
  }

  /** @returns Whether older events share positions. */
  async #makePositionIndex(base: MongoTimestamp): Promise<boolean> {
    const { events } = this.#collections;
    if (this.#isPrinted) return await this.#hasRepeats();
    const index = positionIndex(undefined);
    try {
      for (const missing of await missingIndexes(events, [index])) {
        await this.#makeIndex(events, missing);
      }
      const [found] = (await events.listIndexes().toArray()).filter((
        one: { key: object },
      ) => JSON.stringify(one.key) === '{"position":1}');
      return found.partialFilterExpression !== undefined;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      await this.#makeIndex(events, positionIndex(base));
      return true;
    }
  }

  async #hasRepeats(): Promise<boolean> {
    const repeated: unknown[] = await this.#collections.events.aggregate([
      { $group: { _id: "$position", count: { $sum: 1 } } },
      { $match: { count: { $gt: 1 } } },
      { $limit: 1 },
    ], { allowDiskUse: true }).toArray();
    return repeated.length > 0;
  }

  async #readLog(): Promise<LogDocument | undefined> {
    const [found] = await this.#collections.records
      .find(this.#logFilter(), { ...this.#reading, limit: 1 }).toArray();
    return found;
  }

  async #readLast(): Promise<MongoTimestamp | undefined> {
    const [last] = await this.#collections.events.find({}, {
      ...this.#reading,
      projection: { position: 1 },
      sort: { position: -1 },
      limit: 1,
    }).toArray();
    return last?.position;
  }

  // The driver is not imported: its class is found in what it reads.
  async #findTimestamp(
    known: LogDocument | undefined,
    last: MongoTimestamp | undefined,
  ): Promise<TimestampClass> {
    const found = known?.base ?? known?.made ?? last;
    if (found) return found.constructor as TimestampClass;
    if (this.#isPrinted) return PrintedTimestamp;
    await this.#upsertLog({ $currentDate: { made: { $type: "timestamp" } } });
    return (await this.#readLog())!.made!.constructor as TimestampClass;
  }

  async #describeLog(
    known: LogDocument | undefined,
    base: MongoTimestamp,
    repeats: boolean,
  ): Promise<void> {
    if (known?.base) return;
    const update = { $set: { base, repeats } };
    await this.#step(
      `${shellCollection(this.#collections.records.collectionName)}.updateOne(${
        toShell(this.#logFilter())
      }, ${toShell(update)}, { "upsert": true })`,
      async () => {
        // Another process may have found the same before us: its base counts.
        await this.#upsertLog({
          $currentDate: { made: { $type: "timestamp" } },
        });
        await this.#collections.records.updateOne(
          { ...this.#logFilter(), base: { $exists: false } },
          update,
          { writeConcern: WRITE_CONCERN },
        );
      },
    );
  }

  async #upsertLog(update: object): Promise<void> {
    await this.#collections.records.updateOne(this.#logFilter(), update, {
      upsert: true,
      writeConcern: WRITE_CONCERN,
    });
  }

  async #openFence(
    Timestamp: TimestampClass,
    planned: MongoTimestamp,
  ): Promise<void> {
    const after = (await this.#readLog())?.base ?? planned;
    const until = toTimestamp(Timestamp, lastAfter(toNumber(after)));
    await this.#setFence({ after, until });
  }

  async #setFence(fence: Fence): Promise<void> {
    const { collectionName } = this.#collections.events;
    const options = await this.#optionsOf(collectionName);
    const { own } = fromValidator(options?.validator);
    const validator = toValidator({ fence, own });
    if (toShell(validator) === toShell(options?.validator ?? {})) return;
    const command = {
      collMod: collectionName,
      validator,
      // Events of before can still be erased or corrected.
      validationLevel: "moderate",
      validationAction: "error",
      writeConcern: WRITE_CONCERN,
    };
    await this.#step(
      `db.runCommand(${toShell(command)})`,
      () => this.#database.command(command),
    );
  }

  async #optionsOf(name: string): Promise<CollectionOptions | undefined> {
    const [found] = await this.#database.listCollections({ name }).toArray();
    return found && (found.options ?? {});
  }

  #logFilter(): object {
    return { kind: LOG_KIND, key: this.#collections.events.collectionName };
  }
}

function checkOptions(name: string, options: CollectionOptions): void {
  const { collation, validator, validationAction } = options;
  const refuse = (reason: string) => {
    throw new StoreError(
      "STORE_FAILED",
      `Cannot migrate the collection "${name}": ${reason}`,
    );
  };
  if (collation?.locale !== undefined && collation.locale !== "simple") {
    refuse(
      "it has a collation of its own, by which different names are the same; copy it into one without",
    );
  }
  const hasOwn = fromValidator(validator).own !== undefined;
  if (hasOwn && validationAction === "warn") {
    refuse(
      'its validator only warns, and beside it older writers could not be refused; set its validationAction to "error", or remove it',
    );
  }
}
