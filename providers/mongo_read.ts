import { StoreError } from "../core/errors.ts";
import type { Event } from "../core/event.ts";
import type { EventPage } from "../core/provider.ts";

import { ENDS, type EventDocument, toStoreEvent } from "./mongo_documents.ts";
import {
  BSON_OPTIONS,
  type MongoSession,
  type MongoTimestamp,
} from "./mongo_driver.ts";
import type { KnownVersions } from "./mongo_known_versions.ts";
import { toNumber, toTimestamp } from "./mongo_position.ts";
import type { MongoLog } from "./mongo_store.ts";
import { readUnfolded, unfoldAll } from "./mongo_unfold.ts";

/** How many positions are few. */
const SHORT_RANGE = 1000n;

/** How a read is done: by majority, or inside a transaction. */
export function readOptions(
  { reading }: MongoLog,
  session: MongoSession | undefined,
): object {
  // In a transaction it is the transaction's concern.
  return session ? { ...BSON_OPTIONS, session } : reading;
}

/**
 * The last position that is taken for good. The next writer builds on it, and
 * readers look no further.
 *
 * @param options Of a read by majority, unless others are given.
 */
export async function readHead(
  log: MongoLog,
  options: object = log.reading,
): Promise<bigint> {
  for (;;) {
    // An event that was seen is gone where the log was restored.
    const last = await findLast(log, options, log.seen) ??
      await findLast(log, options, log.base + 1n);
    if (!last?.more) {
      log.seen = last ? toNumber(last.position) : log.base;
      return log.seen;
    }
    await unfoldById(log, last._id);
  }
}

/** The last position as a transaction sees it, with what it has taken itself. */
export async function readHeadIn(
  log: MongoLog,
  session: MongoSession,
): Promise<bigint> {
  const { seen } = log;
  const last = await findLast(log, readOptions(log, session), seen);
  // What is unfolded now is not so in what the transaction sees.
  const unseen = BigInt(last?.more?.length ?? 0);
  return last ? toNumber(last.position) + unseen : seen;
}

// Few events stand after one that was seen lately, in whatever order a server
// looks at them.
async function findLast(
  log: MongoLog,
  options: object,
  from: bigint,
): Promise<EventDocument | undefined> {
  const least = from > log.base ? from : log.base + 1n;
  const [last] = await log.events
    .find({ position: { $gte: toTimestamp(log.Timestamp, least) } }, {
      ...options,
      projection: ENDS,
      sort: { position: -1 },
      limit: 1,
    }).toArray();
  return last;
}

/**
 * A page of the log. The head is read first and nothing beyond it after: a
 * merge of several streams could else end before one stream and after another.
 */
export async function readPage<E extends Event>(
  log: MongoLog,
  streams: string[],
  after: MongoTimestamp,
  limit: number,
): Promise<EventPage<E>> {
  // The second read must see all that the first saw, also on a new primary.
  const session = log.database.client.startSession({
    causalConsistency: log.reading.readConcern.level === "majority",
  });
  try {
    const options = { ...log.reading, session };
    const head = await readHead(log, options);
    const start = toNumber(after);
    if (head <= start || limit <= 0) return endPage([], after, limit);
    const until = toTimestamp(log.Timestamp, head);
    const position = { $gt: after, $lte: until };
    const stream = streams.length === 1 ? streams[0] : { $in: streams };
    // A few positions are looked at as they are; of many those of each stream.
    const isShort = head - start <= SHORT_RANGE && streams.length > 1;
    const documents = await readUnfolded(
      log,
      () =>
        (isShort
          ? log.events.aggregate([
            { $match: { position } },
            { $match: { stream } },
            { $sort: { position: 1 } },
            ...(Number.isFinite(limit) ? [{ $limit: limit }] : []),
          ], options)
          : log.events.find({ stream, position }, {
            ...options,
            sort: { position: 1 },
            ...(Number.isFinite(limit) ? { limit } : {}),
          })).toArray(),
    );
    const isFull = documents.length >= limit;
    if (isFull) await completePosition(log, { stream }, documents);
    return endPage(
      documents.map((document) => toStoreEvent<E>(document)),
      isFull ? undefined : until,
      limit,
    );
  } finally {
    await session.endSession();
  }
}

// Where old events share a position, a page that ends between them would lose
// the others.
async function completePosition(
  log: MongoLog,
  filter: object,
  documents: EventDocument[],
): Promise<void> {
  const { position } = documents.at(-1)!;
  if (!log.repeats || toNumber(position) > log.base) return;
  const same: EventDocument[] = await log.events
    .find({ ...filter, position }, log.reading).toArray();
  const before = documents.findIndex((document) =>
    toNumber(document.position) === toNumber(position)
  );
  documents.splice(before, Infinity, ...same);
}

function endPage<E extends Event>(
  page: EventPage<E>,
  scannedTo: MongoTimestamp | undefined,
  limit: number,
): EventPage<E> {
  if (scannedTo && limit > 0) page.scannedTo = scannedTo;
  return page;
}

/** The events of one aggregate after a position, by version. */
export async function readAggregate(
  log: MongoLog,
  { stream, aggregateId, after }: {
    stream: string;
    aggregateId: string;
    after: MongoTimestamp | undefined;
  },
  known: KnownVersions,
  limit: number,
  session?: MongoSession,
): Promise<EventDocument[]> {
  if (limit <= 0) return [];
  const version = after &&
    known.versionAt(stream, aggregateId, toNumber(after));
  // An index has the versions of an aggregate, none its positions.
  const rest = after === undefined
    ? {}
    : version === undefined
    ? { position: { $gt: after } }
    : { version: { $gt: version } };
  return await readWhole(
    log,
    session,
    () =>
      log.events.find({ stream, aggregateId, ...rest }, {
        ...readOptions(log, session),
        sort: { version: 1 },
        ...(Number.isFinite(limit) ? { limit } : {}),
      }).toArray(),
  );
}

/** The newest event of the streams, or of one aggregate in them. */
export async function readLast(
  log: MongoLog,
  streams: string[],
  aggregateId: string | undefined,
  session?: MongoSession,
): Promise<EventDocument | undefined> {
  let last: EventDocument | undefined;
  for (const stream of streams) {
    const [found] = await readWhole(log, session, () =>
      log.events.find({
        stream,
        ...(aggregateId === undefined ? {} : { aggregateId }),
      }, {
        ...readOptions(log, session),
        // Each of them is the end of an index.
        sort: aggregateId === undefined ? { position: -1 } : { version: -1 },
        limit: 1,
      }).toArray());
    const isNewer = found && (!last ||
      toNumber(found.position) > toNumber(last.position));
    if (isNewer) last = found;
  }
  return last;
}

/** The first event of a command. */
export async function readCommand(
  log: MongoLog,
  stream: string,
  aggregateId: string,
  commandId: string,
  session?: MongoSession,
): Promise<Pick<EventDocument, "_id" | "version"> | undefined> {
  const [found] = await log.events.find({ stream, aggregateId, commandId }, {
    ...readOptions(log, session),
    projection: { version: 1 },
    limit: 1,
  }).toArray();
  return found;
}

/** Those documents of the log that have one of these ids. */
export async function readByIds(
  log: MongoLog,
  ids: unknown[],
): Promise<EventDocument[]> {
  return await log.events.find({ _id: { $in: ids } }, {
    ...log.reading,
    projection: ENDS,
  }).toArray();
}

async function readWhole(
  log: MongoLog,
  session: MongoSession | undefined,
  read: () => Promise<EventDocument[]>,
): Promise<EventDocument[]> {
  if (!session) return await readUnfolded(log, read);
  const documents = await read();
  if (!documents.some(({ more }) => more)) return documents;
  await unfoldAll(log, documents);
  // The transaction sees the log as it was before that.
  throw new StoreError(
    "TRANSACTION_CONFLICT",
    "Cannot read the aggregate in this transaction: the end of an earlier append was missing and has been added; run the transaction again",
  );
}

async function unfoldById(log: MongoLog, _id: unknown): Promise<void> {
  await unfoldAll(
    log,
    await log.events.find({ _id }, log.reading).toArray(),
  );
}
