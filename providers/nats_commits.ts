import { DuplicateCommandError, StoreError } from "../core/errors.ts";
import type { Event, EventMetadata, StoreEvent } from "../core/event.ts";
import type { Stored } from "./nats_jetstream.ts";
import { fromToken, type NatsNames, toToken } from "./nats_names.ts";
import { COMMIT_SIZE, toPosition } from "./nats_position.ts";
import { checkSize } from "./nats_size.ts";

/** An event in a commit. */
type StoredEvent = {
  /** When it was appended. */
  time: string;
  event: any;
  metadata?: EventMetadata;
};

/** What a message holds: all events of one append. */
type Body = {
  /** Tells the writer's own message from another's. */
  id: string;
  /** The version of the aggregate before it. */
  version: number;
  command?: string;
  events: StoredEvent[];
};

/** A commit that is stored. */
export type Commit = Body & { readonly sequence: number; subject: string };

/** A commit that is to be stored. */
export type NewCommit = {
  readonly id: string;
  readonly stream: string;
  readonly aggregateId: string;
  readonly subject: string;
  /** The version that the aggregate must have. */
  readonly version: number;
  readonly count: number;
  readonly commandId: string | undefined;
  readonly text: string;
};

/** The subject of an aggregate's commits. */
export function toSubject(
  { commits }: NatsNames,
  stream: string,
  aggregateId: string,
): string {
  return `${commits}${toToken(stream)}.${toToken(aggregateId)}`;
}

/** The aggregate that a subject was made of. */
export function fromSubject(
  { commits }: NatsNames,
  subject: string,
): { stream: string; aggregateId: string } {
  const [stream = "", aggregateId = ""] = subject.slice(commits.length)
    .split(".").map(fromToken);
  return { stream, aggregateId };
}

/**
 * A commit of these events, which `checkAppend` has seen.
 *
 * @param mostBytes How many its message may have.
 * @throws {StoreError} `INVALID_INPUT` if it is too large for one message.
 */
export function createCommit(
  names: NatsNames,
  events: StoreEvent<any>[],
  commandId: string | undefined,
  mostBytes: number,
): NewCommit {
  const [first] = events;
  const { stream, aggregateId } = first!;
  if (events.length > COMMIT_SIZE) {
    throw new StoreError(
      "INVALID_INPUT",
      `Expected at most ${COMMIT_SIZE} events at once, as they are one message: there are ${events.length}`,
      { field: "events" },
    );
  }
  const body: Body = {
    id: crypto.randomUUID(),
    version: first!.version - 1,
    ...commandId === undefined ? {} : { command: commandId },
    events: events.map(({ timestamp, event, metadata }) => ({
      time: new Date(timestamp).toISOString(),
      event,
      ...metadata === undefined ? {} : { metadata },
    })),
  };
  const text = JSON.stringify(body);
  checkSize("events", text, mostBytes);
  return {
    id: body.id,
    stream,
    aggregateId,
    subject: toSubject(names, stream, aggregateId),
    version: body.version,
    count: events.length,
    commandId,
    text,
  };
}

/**
 * The commit of a message.
 *
 * @throws {StoreError} `FOREIGN_WRITER` for a message that is none.
 */
export function toCommit({ sequence, subject, text }: Stored): Commit {
  const body = toBody(text);
  if (body) return { ...body, sequence, subject };
  throw new StoreError(
    "FOREIGN_WRITER",
    `Expected message ${sequence} to be a commit: somebody else has published it on "${subject}", where only this library may`,
  );
}

function toBody(text: string): Body | undefined {
  try {
    const body = JSON.parse(text);
    const isCommit = typeof body?.id === "string" &&
      Number.isSafeInteger(body.version) && body.events?.length > 0;
    return isCommit ? body : undefined;
  } catch {
    return undefined;
  }
}

/** The version of the aggregate after a commit. */
export function versionAfter({ version, events }: Commit): number {
  return version + events.length;
}

/** The events of a commit, as the library knows them. */
export function toStoreEvents<E extends Event>(
  names: NatsNames,
  { subject, sequence, version, events }: Commit,
): StoreEvent<E>[] {
  const { stream, aggregateId } = fromSubject(names, subject);
  return events.map(({ time, event, metadata }, index) => ({
    stream,
    position: toPosition(sequence, events.length - 1 - index),
    version: version + 1 + index,
    timestamp: new Date(time),
    event,
    aggregateId,
    ...metadata === undefined ? {} : { metadata },
  }));
}

/** The error of a command that is stored already. */
export function duplicateCommand(
  { stream, aggregateId, commandId }: NewCommit,
): DuplicateCommandError {
  return new DuplicateCommandError({
    stream,
    aggregateId,
    ...commandId === undefined ? {} : { commandId },
  });
}
