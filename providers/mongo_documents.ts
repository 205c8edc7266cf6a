import type { Event, EventMetadata, StoreEvent } from "../core/event.ts";
import type { MongoTimestamp } from "./mongo_driver.ts";
import { decodeJson, encode, encodeJson, sizeOf } from "./mongo_encode.ts";
import { toNumber, toTimestamp } from "./mongo_position.ts";
import type { MongoLog } from "./mongo_store.ts";

/** An event as its document has it: what evtstore 12 stored, and two more. */
export type EventDocument = {
  _id: unknown;
  stream: string;
  position: MongoTimestamp;
  version: number;
  timestamp: Date;
  event: any;
  aggregateId: string;
  /** Text where it is what BSON cannot hold. */
  metadata?: unknown;
  /** On the first event of a command. */
  commandId?: string;
  /**
   * The other events of its commit, where the server has no transactions:
   * they take the positions and versions that follow.
   */
  more?: FoldedEvent[];
};

/** An event inside the document of the first one of its commit. */
export type FoldedEvent = Pick<
  EventDocument,
  "_id" | "timestamp" | "event" | "metadata"
>;

/** What `append` was asked to store, as it will be stored. */
export type Commit = {
  stream: string;
  aggregateId: string;
  /** Of the first event. */
  version: number;
  commandId: string | undefined;
  /** Documents without positions. */
  documents: Omit<EventDocument, "position">[];
};

/** The projection that is enough to see where a document ends. */
export const ENDS = { position: 1, version: 1, "more._id": 1 } as const;

/**
 * Encodes events: what changes in them later is not stored.
 *
 * @throws {StoreError} `INVALID_INPUT` for what BSON cannot hold.
 */
export function createCommit(
  createId: () => unknown,
  stream: string,
  aggregateId: string,
  version: number,
  events: StoreEvent<any>[],
  commandId: string | undefined,
): Commit {
  const documents = events.map((stored, index) => ({
    _id: createId(),
    stream,
    version: version + index,
    timestamp: new Date(stored.timestamp),
    event: encode(`events[${index}].event`, stored.event),
    aggregateId,
    ...(stored.metadata === undefined
      ? {}
      : { metadata: encodeJson(stored.metadata) }),
    ...(index === 0 && commandId !== undefined ? { commandId } : {}),
  }));
  return { stream, aggregateId, version, commandId, documents };
}

/** The documents of a commit, in their places after `head`. */
export function placeAfter(
  { Timestamp }: MongoLog,
  { documents }: Commit,
  head: bigint,
): EventDocument[] {
  return documents.map((document, index) => ({
    ...document,
    position: toTimestamp(Timestamp, head + 1n + BigInt(index)),
  }));
}

/** A commit in one document, in its place after `head`. */
export function foldAfter(
  log: MongoLog,
  commit: Commit,
  head: bigint,
): EventDocument {
  const [first, ...others] = placeAfter(log, commit, head);
  return {
    ...first!,
    more: others.map(({ _id, timestamp, event, metadata }) => ({
      _id,
      timestamp,
      event,
      ...(metadata === undefined ? {} : { metadata }),
    })),
  };
}

/** The other events of a commit, as documents of their own. */
export function unfold(
  { Timestamp }: MongoLog,
  { stream, aggregateId, position, version, more = [] }: EventDocument,
): EventDocument[] {
  const first = toNumber(position);
  return more.map((folded, index) => ({
    ...folded,
    stream,
    aggregateId,
    position: toTimestamp(Timestamp, first + 1n + BigInt(index)),
    version: version + 1 + index,
  }));
}

/** A stored event as the library knows it. */
export function toStoreEvent<E extends Event>(
  document: EventDocument,
): StoreEvent<E> {
  const { stream, position, version, timestamp, event, aggregateId, metadata } =
    document;
  return {
    stream,
    position,
    version,
    timestamp,
    event,
    aggregateId,
    ...(metadata === undefined
      ? {}
      : { metadata: decodeJson(metadata) as EventMetadata }),
  };
}

/** Parts of a list that one command can hold. */
export function inParts(documents: EventDocument[]): EventDocument[][] {
  const parts: EventDocument[][] = [];
  let room = 0;
  for (const document of documents) {
    const size = sizeOf(document);
    if (size > room || parts.at(-1)!.length === 10_000) {
      parts.push([]);
      room = MOST_BYTES;
    }
    parts.at(-1)!.push(document);
    room -= size;
  }
  return parts;
}

/** A command is a document too: of 16 MiB at most, and sizes are estimates. */
const MOST_BYTES = 12 * 1024 * 1024;
