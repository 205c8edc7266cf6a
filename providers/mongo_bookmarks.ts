import {
  BSON_OPTIONS,
  type MongoSession,
  type MongoTimestamp,
  WRITE_CONCERN,
} from "./mongo_driver.ts";
import { isDuplicateKey } from "./mongo_errors.ts";
import { START, toNumber, toTimestamp } from "./mongo_position.ts";
import { readOptions } from "./mongo_read.ts";
import type { MongoLog } from "./mongo_store.ts";

/** Where a bookmark stands; at the start if nobody has stored it. */
export async function readBookmark(
  log: MongoLog,
  bookmark: string,
): Promise<MongoTimestamp> {
  return await findBookmark(log, bookmark) ?? toTimestamp(log.Timestamp, START);
}

/** Stores where a bookmark stands, wherever it stood. */
export async function storeBookmark(
  log: MongoLog,
  bookmark: string,
  position: MongoTimestamp,
  session?: MongoSession,
): Promise<void> {
  for (;;) {
    try {
      await log.bookmarks.updateOne(
        { bookmark },
        { $set: { position } },
        { ...writeOptions(session), upsert: true },
      );
      return;
    } catch (error) {
      // Somebody else has made it meanwhile; a transaction would be over.
      if (session || !isDuplicateKey(error)) throw error;
    }
  }
}

/** Moves a bookmark from where it stands. @returns Whether it did. */
export async function moveBookmark(
  log: MongoLog,
  bookmark: string,
  position: MongoTimestamp,
  from: MongoTimestamp,
  session?: MongoSession,
): Promise<boolean> {
  const isStart = toNumber(from) === START;
  // In a transaction a key that exists would end it: look first.
  const isNew = isStart &&
    !(session && await findBookmark(log, bookmark, session));
  if (isNew && await makeBookmark(log, bookmark, position, session)) {
    return true;
  }
  const { matchedCount } = await log.bookmarks.updateOne(
    { bookmark, position: from },
    { $set: { position } },
    writeOptions(session),
  );
  return matchedCount === 1;
}

/** How writes outside the log are done. */
export function writeOptions(session: MongoSession | undefined): object {
  return session
    ? { ...BSON_OPTIONS, session }
    : { ...BSON_OPTIONS, writeConcern: WRITE_CONCERN };
}

async function makeBookmark(
  log: MongoLog,
  bookmark: string,
  position: MongoTimestamp,
  session: MongoSession | undefined,
): Promise<boolean> {
  try {
    await log.bookmarks.insertOne(
      { bookmark, position },
      writeOptions(session),
    );
    return true;
  } catch (error) {
    if (!isDuplicateKey(error) || session) throw error;
    return false;
  }
}

async function findBookmark(
  log: MongoLog,
  bookmark: string,
  session?: MongoSession,
): Promise<MongoTimestamp | undefined> {
  const [found] = await log.bookmarks
    .find({ bookmark }, { ...readOptions(log, session), limit: 1 }).toArray();
  return found?.position;
}
