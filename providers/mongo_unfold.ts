import { type EventDocument, inParts, unfold } from "./mongo_documents.ts";
import { BSON_OPTIONS, WRITE_CONCERN } from "./mongo_driver.ts";
import {
  isDuplicateKey,
  type WriteError,
  WriteRefusal,
} from "./mongo_errors.ts";
import type { MongoLog } from "./mongo_store.ts";

/**
 * Makes documents of the events that wait inside another one. Everybody who
 * meets such a document does this before he gives out or builds on anything,
 * so it is done however the writer ended; twice is as good as once.
 */
export async function unfoldAll(
  log: MongoLog,
  documents: EventDocument[],
): Promise<void> {
  for (const document of documents) {
    if (document.more) await unfoldOne(log, document);
  }
}

/**
 * Reads until nothing that was found waits to be unfolded.
 *
 * @param read Reads whole documents.
 */
export async function readUnfolded(
  log: MongoLog,
  read: () => Promise<EventDocument[]>,
): Promise<EventDocument[]> {
  for (;;) {
    const documents = await read();
    if (!documents.some(({ more }) => more)) return documents;
    await unfoldAll(log, documents);
  }
}

async function unfoldOne(
  log: MongoLog,
  document: EventDocument,
): Promise<void> {
  // The last one first: whoever sees any of them knows where the commit ends.
  const others = unfold(log, document).reverse();
  for (const part of inParts(others)) await insertMissing(log, part);
  await log.events.updateOne(
    { _id: document._id },
    { $unset: { more: "" } },
    { writeConcern: WRITE_CONCERN },
  );
}

// In order, so that there is never one without those after it.
async function insertMissing(
  { database, events }: MongoLog,
  documents: EventDocument[],
): Promise<void> {
  let rest = documents;
  while (rest.length > 0) {
    const reply = await database.command({
      insert: events.collectionName,
      documents: rest,
      ordered: true,
      writeConcern: WRITE_CONCERN,
    }, BSON_OPTIONS);
    const refusal: WriteError | undefined = reply.writeErrors?.[0];
    if (!refusal) return;
    // Somebody else has done this one.
    if (!isDuplicateKey(refusal)) throw new WriteRefusal(refusal);
    rest = rest.slice(refusal.index + 1);
  }
}
