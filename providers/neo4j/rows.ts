import type { Event, StoreEvent } from "../../core/event.ts";
import type { Append } from "../append_input.ts";
import type { Row } from "./store.ts";
import { foreignWriter } from "./errors.ts";
import { toDate, toInteger, toNumber } from "./values.ts";

/** An append as the server gets it: what changes later is not stored. */
export type Group = {
  stream: string;
  aggregateId: string;
  version: bigint;
  /** This version and the one before it: the one must not be there, the other must. */
  near: bigint[];
  command: string | null;
  /** Tells a repeat of this append from another one of the same version. */
  nonce: string;
  events: Row[];
};

/** A key that no other names give, whatever characters are in them. */
export function toKey(...parts: (string | number)[]): string {
  return JSON.stringify(parts);
}

/** Writes an append as parameters. */
export function toGroup(append: Append): Group {
  const { stream, aggregateId, version, commandId } = append;
  const nonce = crypto.randomUUID();
  const until = toInteger(version + append.events.length - 1);
  const command = commandId === undefined
    ? null
    : toKey(stream, aggregateId, commandId);
  return {
    stream,
    aggregateId,
    version: toInteger(version),
    near: [toInteger(version - 1), toInteger(version)],
    command,
    nonce,
    events: append.events.map(({ timestamp, event, metadata }, index) => ({
      stream,
      aggregateId,
      version: toInteger(version + index),
      timestamp: new Date(timestamp).toISOString(),
      event: JSON.stringify(event),
      _key: toKey(stream, aggregateId, version + index),
      ...metadata === undefined ? {} : { metadata: JSON.stringify(metadata) },
      // Shows a reader that comes early that there is more to come.
      ...append.events.length === 1 ? {} : { _until: until },
      // The first event stands for the commit.
      ...index > 0 ? {} : { _commit: nonce },
      ...index > 0 || command === null ? {} : { _command: command },
    })),
  };
}

/**
 * What is read of the node `e`: less than the node itself, and faster. A time
 * as text needs no class of the driver.
 */
const VALUES: string =
  "e.version, e._position, toString(e.timestamp), e.event, e.metadata, e._until";
/** The {@linkcode EventValues} of an event whose aggregate is known. */
export const AGGREGATE_VALUES: string = `[${VALUES}]`;
/** All {@linkcode EventValues}. */
export const EVENT_VALUES: string = `[${VALUES}, e.stream, e.aggregateId]`;

/** The values of an event, in that order. */
export type EventValues = [
  version: unknown,
  position: unknown,
  timestamp: string,
  event: string,
  metadata: string | null,
  until: unknown,
  stream?: string,
  aggregateId?: string,
];

/**
 * The values as a stored event.
 *
 * @param values The names are in it unless they are given.
 * @throws {StoreError} `FOREIGN_WRITER` if it has no position.
 */
export function toStoreEvent<E extends Event>(
  values: EventValues,
  what: string,
  stream: string = values[6]!,
  aggregateId: string = values[7]!,
): StoreEvent<E> {
  const [version, position, timestamp, event, metadata] = values;
  if (position == null) throw foreignWriter(what, stream);
  return {
    stream,
    aggregateId,
    version: toNumber(version),
    position: toNumber(position),
    timestamp: toDate(timestamp),
    event: JSON.parse(event),
    ...metadata == null ? {} : { metadata: JSON.parse(metadata) },
  };
}
