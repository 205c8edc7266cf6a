import { createHash, type Hash } from "node:crypto";
import type { StoreEvent } from "../core/event.ts";

/** The first line of a file. */
export const HEADER = '{"format":"evtstore","version":1}';

/** An event in a file. Nothing in it belongs to one database. */
export type ExportedEvent = {
  /** The stream. */
  stream: string;
  /** The aggregate. */
  id: string;
  /** The version. */
  version: number;
  /** When it was stored, in ISO form. */
  timestamp: string;
  /** On the first event of a command that had an id. */
  commandId?: string;
  /** What the command added. */
  metadata?: unknown;
  /** The event. */
  event: unknown;
};

/** The last line of a file. */
export type Footer = {
  /** How many events there are. */
  events: number;
  /** SHA-256 of all bytes before this line, in hexadecimal digits. */
  sha256: string;
};

/** An event as its line. */
export function toLine(
  { stream, aggregateId, version, timestamp, metadata, event }: StoreEvent<any>,
  commandId: string | undefined,
): string {
  const line: ExportedEvent = {
    stream,
    id: aggregateId,
    version,
    timestamp: new Date(timestamp).toISOString(),
    ...commandId === undefined ? {} : { commandId },
    ...metadata === undefined ? {} : { metadata },
    event,
  };
  return JSON.stringify(line);
}

/** What the lines of a file come to, as the last one says it. */
export class Checksum {
  #hash: Hash = createHash("sha256");
  #events = -1;

  /** Adds a line; the first one is the header. */
  add(line: string): void {
    this.#hash.update(`${line}\n`);
    this.#events++;
  }

  /** How many events were added. */
  get events(): number {
    return Math.max(0, this.#events);
  }

  /** The last line of the file. */
  footer(): Footer {
    const sha256 = this.#hash.copy().digest("hex");
    return { events: this.events, sha256 };
  }
}

/** Whether a line is the last one of a file. */
export function isFooter(value: object): value is Footer {
  return "sha256" in value;
}
