import type { PutOptions, Records, StoredRecord } from "../core/records.ts";
import { readKeys } from "./nats_keys.ts";
import type { NatsLog } from "./nats_log.ts";
import { toToken } from "./nats_names.ts";
import { changeValue, readValue, toValue } from "./nats_values.ts";
import { checkText } from "./name_input.ts";
import { checkRecord } from "./record_input.ts";

const LIMIT = 1000;

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

/** All records of a kind, none of which is older than this call. */
async function readAll(log: NatsLog, kind: string): Promise<StoredRecord[]> {
  const stored = await readKeys(log, `record.${toToken(kind)}.*`);
  return stored
    .map((message) => toValue<StoredRecord>(message))
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
