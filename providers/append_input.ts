import { StoreError } from "../core/errors.ts";
import type { Event, StoreEvent } from "../core/event.ts";
import { checkEvent, checkJson, checkName } from "../core/validation.ts";

/** What `append` was asked to store. */
export type Append = {
  stream: string;
  aggregateId: string;
  version: number;
  events: StoreEvent<any>[];
  commandId: string | undefined;
};

/**
 * Refuses an append that could not be stored and read back as it is, before
 * anything is written.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the argument.
 */
export function checkAppend<E extends Event>(
  stream: string,
  aggregateId: string,
  version: number,
  events: StoreEvent<E>[],
  commandId: string | undefined,
): void {
  checkName("stream", stream);
  checkName("aggregateId", aggregateId);
  if (commandId !== undefined) checkName("commandId", commandId);
  if (!Number.isSafeInteger(version) || version < 1) {
    throw invalid("version", "to be a whole number from 1", version);
  }
  events.forEach((stored, index) => {
    const field = `events[${index}]`;
    checkSame(`${field}.stream`, stream, stored.stream);
    checkSame(`${field}.aggregateId`, aggregateId, stored.aggregateId);
    checkSame(`${field}.version`, version + index, stored.version);
    if (Number.isNaN(new Date(stored.timestamp).getTime())) {
      throw invalid(`${field}.timestamp`, "to be a date", stored.timestamp);
    }
    checkEvent(`${field}.event`, stored.event);
    checkJson(`${field}.metadata`, stored.metadata);
  });
}

function checkSame(field: string, expected: unknown, found: unknown): void {
  if (found === expected) return;
  throw invalid(field, `to be ${JSON.stringify(expected)}`, found);
}

function invalid(field: string, wish: string, found: unknown): StoreError {
  return new StoreError(
    "INVALID_INPUT",
    `Expected ${field} ${wish}: got ${String(found).slice(0, 40)}`,
    { field },
  );
}
