import { StoreError } from "../core/errors.ts";
import {
  isConflict,
  isNobody,
  isRefusedForNow,
  isUnanswered,
} from "./nats_errors.ts";
import type { Stored } from "./nats_jetstream.ts";
import type { NatsLog } from "./nats_log.ts";
import { checkSize } from "./nats_size.ts";

/** How long a server remembers that a key is gone. */
const REMOVAL_TTL = "1h";
const CONFLICT_MS = 5;

/** A value in the bucket, with what tells its writer from others. */
type Entry<T> = T & { id: string };

/** A value as it stands in the bucket. */
export type Found<T> = {
  readonly value: Entry<T> | undefined;
  /** Who has written or removed it last. */
  readonly id: string | undefined;
  /** Of the newest message of the key; 0 if there is none. */
  readonly sequence: number;
};

/** Reads a value, as the leader of the bucket has it. */
export async function readValue<T>(
  log: NatsLog,
  key: string,
): Promise<Found<T>> {
  const { jetStream, names: { bucket, keys } } = log;
  const stored = await log.read(
    (ms) => jetStream.last(bucket, `${keys}${key}`, ms),
  );
  if (!stored) return { value: undefined, id: undefined, sequence: 0 };
  const { sequence, isRemoval } = stored;
  const entry = parse<T>(stored);
  return { value: isRemoval ? undefined : entry, id: entry.id, sequence };
}

/** The value of a message; undefined if it says that the key is gone. */
export function toValue<T>(stored: Stored): Entry<T> | undefined {
  return stored.isRemoval ? undefined : parse<T>(stored);
}

function parse<T>({ text, subject, isRemoval }: Stored): Entry<T> {
  try {
    // Who removes a key by NATS's own tools writes no value.
    return JSON.parse(isRemoval && text === "" ? "{}" : text);
  } catch {
    throw new StoreError(
      "FOREIGN_WRITER",
      `Expected "${subject}" to be a value of this library: somebody else has written it`,
    );
  }
}

/** What becomes of a value. */
export type Change<T> = { to: T | undefined } | undefined;

/**
 * Changes a value by comparing what it was read as.
 *
 * @param decide What to make of it; undefined to leave it, then nothing is
 * written. It is asked again if somebody else was faster.
 * @returns Whether it was changed.
 */
export async function changeValue<T extends object>(
  log: NatsLog,
  what: string,
  key: string,
  decide: (value: T | undefined) => Change<T>,
): Promise<boolean> {
  const id = crypto.randomUUID();
  const patience = log.patience();
  let isUnknown = false;
  for (;;) {
    log.checkOpen(what);
    const found = await readValue<T>(log, key);
    if (found.id === id) return true;
    const { value, sequence } = found;
    const change = decide(value);
    if (change === undefined) {
      // Ours may have been there, and have been changed by another since.
      if (isUnknown) throw outcomeUnknown(what);
      return false;
    }
    try {
      await write(log, key, { ...change.to, id }, {
        "Nats-Msg-Id": id,
        "Nats-Expected-Last-Subject-Sequence": String(sequence),
        ...change.to === undefined
          ? { "KV-Operation": "DEL", "Nats-TTL": REMOVAL_TTL }
          : {},
      }, patience.attemptMs);
      return true;
    } catch (error) {
      if (isUnanswered(error)) {
        isUnknown = true;
        patience.missed();
      } else if (isNobody(error)) await log.checkExists(patience.attemptMs);
      else if (!isConflict(error) && !isRefusedForNow(error)) throw error;
      const pause = isConflict(error) ? CONFLICT_MS : undefined;
      if (await patience.pause(pause)) continue;
      throw isUnknown ? outcomeUnknown(what, error) : error;
    }
  }
}

/** Writes a value, whatever stands there. */
export async function writeValue<T extends object>(
  log: NatsLog,
  what: string,
  key: string,
  value: T,
): Promise<void> {
  const id = crypto.randomUUID();
  log.checkOpen(what);
  await log.read((ms) =>
    write(log, key, { ...value, id }, { "Nats-Msg-Id": id }, ms)
  );
}

async function write(
  log: NatsLog,
  key: string,
  value: object,
  headers: { [name: string]: string },
  timeout: number,
): Promise<void> {
  const { jetStream, names: { bucket, keys } } = log;
  const text = JSON.stringify(value);
  checkSize("value", text, log.mostBytes);
  const subject = `${keys}${key}`;
  await jetStream.publish(bucket, subject, text, headers, timeout);
}

function outcomeUnknown(what: string, cause?: unknown): StoreError {
  return new StoreError(
    "OUTCOME_UNKNOWN",
    `Cannot tell whether ${what} was done: no server has answered`,
    { cause },
  );
}
