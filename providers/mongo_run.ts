import type { StoreErrorFacts } from "../core/errors.ts";
import type { MongoSession } from "./mongo_driver.ts";
import type { MongoLog } from "./mongo_store.ts";

/**
 * Runs an operation of the provider on an open log, and turns the driver's
 * errors into the library's.
 *
 * @param what What errors call it.
 * @param tx The transaction to run in, if any.
 * @param facts What an error knows besides.
 */
export type Run = <T>(
  what: string,
  tx: unknown,
  work: (log: MongoLog, session: MongoSession | undefined) => Promise<T>,
  facts?: StoreErrorFacts,
) => Promise<T>;
