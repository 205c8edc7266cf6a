import {
  type Commit,
  type EventDocument,
  foldAfter,
  inParts,
  placeAfter,
} from "./mongo_documents.ts";
import {
  BSON_OPTIONS,
  type MongoSession,
  WRITE_CONCERN,
} from "./mongo_driver.ts";
import {
  isBusy,
  isLate,
  isLost,
  isNotSent,
  isSlotTaken,
  isTransient,
  isUnknownCommit,
  NoAnswer,
  type WriteError,
  WriteRefusal,
} from "./mongo_errors.ts";
import type { MongoLog } from "./mongo_store.ts";
import { unfoldAll } from "./mongo_unfold.ts";

/** How long the server may let an insert wait for somebody's transaction. */
const MAX_TIME_MS = 3_000;
/** When a server that does not keep to that is waited for no longer. */
const NO_ANSWER_MS = 5_000;
const COMMIT_MS = 10_000;

/**
 * What became of commits that were to be stored one after the other: how many
 * of them were, and why the next one was not.
 */
export type Attempt = { stored: number; problem?: Problem };

/**
 * - `slot`: somebody else has its position.
 * - `key`: a unique index refused it; nobody knows yet what that means.
 * - `busy`: nothing of it was stored, and another try may succeed.
 * - `unknown`: it and those after it may have been stored.
 * - `late`: as well, and somebody's transaction has its position.
 * - `refused`: it was not stored and never will be, and it may be its own fault.
 */
export type Problem = {
  kind: "slot" | "key" | "busy" | "unknown" | "late" | "refused";
  error: unknown;
};

/** What a transaction is begun with. */
export const TRANSACTION: object = {
  readConcern: { level: "snapshot" },
  writeConcern: WRITE_CONCERN,
  readPreference: "primary",
};

/**
 * Tries to store commits after `head`, in their order.
 *
 * @param hurries Whether to fail at once, where the server can, instead of
 * waiting for somebody's transaction.
 */
export function insertCommits(
  log: MongoLog,
  commits: Commit[],
  head: bigint,
  hurries: boolean,
): Promise<Attempt> {
  const [first] = commits;
  const isMany = first!.documents.length > 1;
  if (commits.length === 1 && log.hasTransactions && (isMany || hurries)) {
    return insertInTransaction(log, first!, head);
  }
  if (isMany) return insertFolded(log, first!, head);
  let end = head;
  const documents = commits.flatMap((commit) => {
    const placed = placeAfter(log, commit, end);
    end += BigInt(placed.length);
    return placed;
  });
  return insertInOrder(log, documents);
}

// One document a commit: a part that was stored is whole commits.
async function insertInOrder(
  { database, events }: MongoLog,
  documents: EventDocument[],
): Promise<Attempt> {
  let reply;
  try {
    reply = await answerOf(database.command({
      insert: events.collectionName,
      documents,
      ordered: true,
      writeConcern: WRITE_CONCERN,
      maxTimeMS: MAX_TIME_MS,
    }, BSON_OPTIONS));
  } catch (error) {
    return { stored: 0, problem: problemOf(error) };
  }
  const refusal: WriteError | undefined = reply.writeErrors?.[0];
  // The primary has them, which it may yet lose.
  if (reply.writeConcernError) {
    return {
      stored: 0,
      problem: {
        kind: "unknown",
        error: new WriteRefusal(reply.writeConcernError),
      },
    };
  }
  if (!refusal) return { stored: documents.length };
  return {
    stored: refusal.index,
    problem: problemOf(new WriteRefusal(refusal)),
  };
}

async function insertInTransaction(
  log: MongoLog,
  commit: Commit,
  head: bigint,
): Promise<Attempt> {
  const session: MongoSession = log.database.client.startSession();
  let isEnding = false;
  try {
    session.startTransaction(TRANSACTION);
    await insertIn(log, session, placeAfter(log, commit, head));
    isEnding = true;
    await commitTransaction(session);
    return { stored: 1 };
  } catch (error) {
    if (session.inTransaction()) await abort(session);
    const isUnknown = isEnding && isUnknownCommit(error);
    return {
      stored: 0,
      problem: isUnknown ? { kind: "unknown", error } : problemOf(error),
    };
  } finally {
    await session.endSession();
  }
}

async function insertFolded(
  log: MongoLog,
  commit: Commit,
  head: bigint,
): Promise<Attempt> {
  const document = foldAfter(log, commit, head);
  const attempt = await insertInOrder(log, [document]);
  // It is stored, whatever becomes of this: whoever meets it does it then.
  if (attempt.stored === 1) await unfoldAll(log, [document]).catch(() => {});
  return attempt;
}

/**
 * Inserts documents in a transaction.
 *
 * @throws {WriteRefusal} With the keys of the index that refused one.
 */
export async function insertIn(
  { database, events }: MongoLog,
  session: MongoSession,
  documents: EventDocument[],
): Promise<void> {
  for (const part of inParts(documents)) {
    // Other ways of the driver hide which index refused a document.
    const { writeErrors } = await database.command({
      insert: events.collectionName,
      documents: part,
      ordered: true,
    }, { ...BSON_OPTIONS, session });
    if (writeErrors?.[0]) throw new WriteRefusal(writeErrors[0]);
  }
}

/** Commits, and asks again while nobody knows whether it did. */
export async function commitTransaction(session: MongoSession): Promise<void> {
  const end = performance.now() + COMMIT_MS;
  for (;;) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      if (!isUnknownCommit(error) || performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Rolls back; what fails then, the server rolls back by itself. */
export async function abort(session: MongoSession): Promise<void> {
  await session.abortTransaction().catch(() => {});
}

// What comes after that is of no use to anybody.
function answerOf<T>(command: Promise<T>): Promise<T> {
  command.catch(() => {});
  let timer: ReturnType<typeof setTimeout>;
  const noAnswer = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer()), NO_ANSWER_MS);
  });
  return Promise.race([command, noAnswer]).finally(() => clearTimeout(timer));
}

function problemOf(error: unknown): Problem {
  if (error instanceof WriteRefusal) {
    const { refusal } = error;
    if (isSlotTaken(refusal)) return { kind: "slot", error };
    if (refusal.code === 11000) return { kind: "key", error };
  }
  // It waited in vain, but those before it in the same command may be stored.
  if (isLate(error)) return { kind: "late", error };
  if (isTransient(error) || isBusy(error) || isNotSent(error)) {
    return { kind: "busy", error };
  }
  return { kind: isLost(error) ? "unknown" : "refused", error };
}
