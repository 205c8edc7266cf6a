import type { PutOptions, Records, StoredRecord } from "../core/records.ts";
import { IncompleteAnswer } from "./nats_errors.ts";
import type { NatsLog } from "./nats_log.ts";
import { toToken } from "./nats_names.ts";
import type { Stored } from "./nats_jetstream.ts";
import { changeValue, readValue, toValue } from "./nats_values.ts";
import { checkText } from "./name_input.ts";
import { checkRecord } from "./record_input.ts";

const LIMIT = 1000;
/** How many keys to ask for by name at once. */
const KEYS_AT_ONCE = 250;
const BEHIND_MS = 10;

const encoder = new TextEncoder();

/** Runs what needs the log; nothing runs in a transaction. */
export type RunRecords = <T>(
  what: string,
  tx: undefined,
  work: (log: NatsLog) => Promise<T>,
) => Promise<T>;

/** Small documents in the key-value bucket, each with its own revision. */
export function createRecords(run: RunRecords): Records<never> {
  return {
    async get(kind, key, { tx } = {}) {
      checkText("kind", kind);
      checkText("key", key);
      return await run("records.get", tx, async (log) => {
        const { value } = await readValue<StoredRecord>(log, toKey(kind, key));
        return value && toRecord(value);
      });
    },

    async list(kind, { after, limit = LIMIT, tx } = {}) {
      checkText("kind", kind);
      const behind = after === undefined ? undefined : encoder.encode(after);
      return await run(
        "records.list",
        tx,
        async (log) =>
          (await readAll(log, kind))
            .map((record) => ({ record, bytes: encoder.encode(record.key) }))
            .filter(({ bytes }) => !behind || compareBytes(bytes, behind) > 0)
            .sort((left, right) => compareBytes(left.bytes, right.bytes))
            .slice(0, limit)
            .map(({ record }) => record),
      );
    },

    async due(kind, until, { limit = LIMIT, tx } = {}) {
      checkText("kind", kind);
      return await run(
        "records.due",
        tx,
        async (log) =>
          (await readAll(log, kind))
            .filter(({ due }) => due !== undefined && due <= until)
            .sort((left, right) => left.due! - right.due!)
            .slice(0, limit),
      );
    },

    async put(kind, key, value, { revision, due, tx }: PutOptions<never>) {
      checkRecord(kind, key, value, revision, due);
      return await run("records.put", tx, (log) =>
        changeValue<StoredRecord>(
          log,
          "records.put",
          toKey(kind, key),
          (current) =>
            (current?.revision ?? 0) !== revision ? undefined : {
              to: {
                kind,
                key,
                value,
                revision: revision + 1,
                ...due === undefined ? {} : { due },
              },
            },
        ));
    },

    async remove(kind, key, { revision, tx } = {}) {
      checkText("kind", kind);
      checkText("key", key);
      return await run("records.remove", tx, (log) =>
        changeValue<StoredRecord>(
          log,
          "records.remove",
          toKey(kind, key),
          (current) =>
            current === undefined ||
              revision !== undefined && current.revision !== revision
              ? undefined
              : { to: undefined },
        ));
    },
  };
}

/**
 * All records of a kind, none of which is older than this call. Any server may
 * answer, so each answer must reach what the leader had in the beginning.
 */
async function readAll(log: NatsLog, kind: string): Promise<StoredRecord[]> {
  const { jetStream, names: { bucket, keys } } = log;
  const all = `${keys}record.${toToken(kind)}.*`;
  const newest = log.isReplicated
    ? await log.read((ms) => jetStream.last(bucket, all, ms))
    : undefined;
  const least = newest?.sequence ?? 0;
  const found = await readEach(log, [all], least);
  if (found) return toRecords(found);
  const stored: Stored[] = [];
  const subjects = await readSubjects(log, all);
  for (let at = 0; at < subjects.length; at += KEYS_AT_ONCE) {
    const some = subjects.slice(at, at + KEYS_AT_ONCE);
    stored.push(...await readEach(log, some, least) ?? []);
  }
  return toRecords(stored);
}

/** The newest message of each subject; undefined if they are too many. */
async function readEach(
  log: NatsLog,
  subjects: string[],
  least: number,
): Promise<Stored[] | undefined> {
  const { jetStream, names: { bucket } } = log;
  const patience = log.patience();
  const found: Stored[] = [];
  for (let from = 1;;) {
    const batch = await log.read(
      (ms) => jetStream.lastOfEach(bucket, subjects, from, ms),
      patience,
    );
    if (batch === undefined) return undefined;
    const { messages, hasMore, upTo } = batch;
    // An answer without a message does not say how far it looked.
    const isBehind = log.isReplicated && upTo < least &&
      (messages.length > 0 || from <= least);
    if (isBehind) {
      if (await patience.pause(BEHIND_MS)) continue;
      throw new IncompleteAnswer();
    }
    found.push(...messages);
    if (!hasMore || messages.length === 0) return found;
    from = messages.at(-1)!.sequence + 1;
  }
}

/** The subjects of all keys that there are, as the leader has them. */
async function readSubjects(log: NatsLog, filter: string): Promise<string[]> {
  const { jetStream, names: { bucket } } = log;
  const subjects: string[] = [];
  for (;;) {
    const { state, total } = await log.read((ms) =>
      jetStream.ask(`STREAM.INFO.${bucket}`, {
        subjects_filter: filter,
        offset: subjects.length,
      }, ms)
    );
    const some = Object.keys(state.subjects ?? {});
    subjects.push(...some);
    if (some.length === 0 || subjects.length >= total) return subjects;
  }
}

/** By key, as one that changed meanwhile may have been found twice. */
function toRecords(stored: Stored[]): StoredRecord[] {
  const records = new Map<string, StoredRecord | undefined>();
  for (const message of stored.sort((a, b) => a.sequence - b.sequence)) {
    records.set(message.subject, toValue<StoredRecord>(message));
  }
  return [...records.values()]
    .filter((record) => record !== undefined)
    .map(toRecord);
}

function toRecord(
  { kind, key, value, revision, due }: StoredRecord,
): StoredRecord {
  return {
    kind,
    key,
    value,
    revision,
    ...due === undefined ? {} : { due },
  };
}

function toKey(kind: string, key: string): string {
  return `record.${toToken(kind)}.${toToken(key)}`;
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    if (left[index] !== right[index]) return left[index]! - right[index]!;
  }
  return left.length - right.length;
}
