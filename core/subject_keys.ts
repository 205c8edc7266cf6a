import { fromBase64, toBase64 } from "./base64.ts";
import { StoreError } from "./errors.ts";
import { recordKey } from "./record_key.ts";
import type { Records, StoredRecord } from "./records.ts";

/** What is known of a subject: its key, or that it was forgotten. */
export type SubjectKey = Uint8Array | "forgotten";

/** Told of each subject that was forgotten; see `onForget`. */
export type ForgetHook = (subject: string) => unknown;

/**
 * Where the keys of personal fields are kept, one of 32 bytes for each subject.
 * The library has two: {@linkcode createRecordKeys} and
 * {@linkcode createMemoryKeys}. Another one may ask a key service.
 */
export type SubjectKeys = {
  /**
   * The key of a subject.
   *
   * @param options With `tx`, inside this transaction of the provider; a store
   * elsewhere pays no heed to it.
   * @returns Undefined if none was ever made.
   */
  get(
    subject: string,
    options?: { tx?: any },
  ): Promise<SubjectKey | undefined>;
  /**
   * The key of a subject, which is made if none ever was. Of two that make it
   * at once, both get the same one. None is made for a forgotten subject.
   */
  make(subject: string, options?: { tx?: any }): Promise<SubjectKey>;
  /**
   * Destroys the key of a subject, for ever, and remembers that it did, and
   * that this is not finished. What `changes` gives differs before it resolves.
   * To repeat it is harmless.
   */
  forget(subject: string): Promise<void>;
  /** Forgetting a subject is finished. */
  finished(subject: string): Promise<void>;
  /** Some of the subjects of which that was not said yet; none at the end. */
  unfinished(): Promise<string[]>;
  /**
   * A value that differs after each `forget`, of whichever process. It is asked
   * for before kept keys are used, at every page that is read.
   */
  changes(options?: { tx?: any }): Promise<string | number>;
};

/** The kind of the records that hold keys. */
const KEY = "evtstore.key";

/** The kind of the one record that counts what was forgotten. */
const FORGETS = "evtstore.forgets";
const COUNT = "count";

/** Due at once, by any clock: what is forgotten and not finished. */
const UNFINISHED = 1;

/** Of writers that begin at once one wins each time. */
const TRIES = 1000;

type KeyValue = { subject: string; key?: string };

/**
 * Keeps the keys of subjects in the records of a provider. It is what a domain
 * uses that is given no `keys`. Keys beside the events are in the same backups:
 * give it the records of another database to keep them apart.
 *
 * @example
 * ```ts
 * import { createRecordKeys } from "evtstore";
 * import { createProvider } from "evtstore/provider/memory";
 * import assert from "node:assert/strict";
 *
 * const keys = createRecordKeys(createProvider().records);
 * assert.equal((await keys.make("ada") as Uint8Array).length, 32);
 * await keys.forget("ada");
 * assert.equal(await keys.make("ada"), "forgotten");
 * ```
 *
 * @param records Where they are kept.
 * @returns The keys, for {@linkcode createDomain}.
 */
export function createRecordKeys(records: Records): SubjectKeys {
  const find = (subject: string, options: { tx?: any }) =>
    records.get(KEY, keyOf(subject), options);

  return {
    async get(subject, options = {}) {
      return toKey(await find(subject, options));
    },
    async make(subject, options = {}) {
      const key = randomKey();
      const value: KeyValue = { subject, key: toBase64(key) };
      return await untilDone(async () => {
        const known = toKey(await find(subject, options));
        if (known) return known;
        const put = { ...options, revision: 0 };
        const isMade = await records.put(KEY, keyOf(subject), value, put);
        return isMade ? key : undefined;
      });
    },
    async forget(subject) {
      const value: KeyValue = { subject };
      await untilDone(async () => {
        const record = await find(subject, {});
        const put = { revision: record?.revision ?? 0, due: UNFINISHED };
        return await records.put(KEY, keyOf(subject), value, put) || undefined;
      });
      await untilDone(async () => {
        const revision = (await records.get(FORGETS, COUNT))?.revision ?? 0;
        const put = { revision };
        return await records.put(FORGETS, COUNT, {}, put) || undefined;
      });
    },
    async finished(subject) {
      await untilDone(async () => {
        const record = await find(subject, {});
        if (record?.due === undefined) return true;
        const { revision, value } = record;
        const put = { revision };
        return await records.put(KEY, keyOf(subject), value, put) || undefined;
      });
    },
    async unfinished() {
      const due = await records.due(KEY, UNFINISHED);
      return due.map(({ value }) => value.subject);
    },
    async changes(options = {}) {
      return (await records.get(FORGETS, COUNT, options))?.revision ?? 0;
    },
  };
}

/**
 * Keeps the keys of subjects in memory: for tests. With the process they are
 * gone, and so is what was encrypted with them.
 *
 * @example
 * ```ts
 * import { createMemoryKeys } from "evtstore";
 * import assert from "node:assert/strict";
 *
 * const keys = createMemoryKeys();
 * await keys.forget("ada");
 * assert.deepEqual(await keys.unfinished(), ["ada"]);
 * await keys.finished("ada");
 * assert.equal(await keys.get("ada"), "forgotten");
 * ```
 */
export function createMemoryKeys(): SubjectKeys {
  const keys = new Map<string, SubjectKey>();
  const unfinished = new Set<string>();
  let changes = 0;
  return {
    // deno-lint-ignore require-await -- a store answers later
    async get(subject) {
      return keys.get(subject);
    },
    // deno-lint-ignore require-await -- a store answers later
    async make(subject) {
      const key = keys.get(subject) ?? randomKey();
      keys.set(subject, key);
      return key;
    },
    // deno-lint-ignore require-await -- a store answers later
    async forget(subject) {
      keys.set(subject, "forgotten");
      unfinished.add(subject);
      changes++;
    },
    // deno-lint-ignore require-await -- a store answers later
    async finished(subject) {
      unfinished.delete(subject);
    },
    // deno-lint-ignore require-await -- a store answers later
    async unfinished() {
      return [...unfinished];
    },
    // deno-lint-ignore require-await -- a store answers later
    async changes() {
      return changes;
    },
  };
}

/** Does something again that somebody else was faster at. */
async function untilDone<T>(work: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < TRIES; tries++) {
    const done = await work();
    if (done !== undefined) return done;
  }
  throw new StoreError(
    "STORE_BUSY",
    `Cannot change a record of the key store: others have been faster ${TRIES} times in a row; try again later`,
  );
}

function randomKey(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32));
}

function toKey(record: StoredRecord | undefined): SubjectKey | undefined {
  if (!record) return undefined;
  const { key } = record.value as KeyValue;
  return key === undefined ? "forgotten" : fromBase64(key);
}

/** With its prefix, which counts for what a key has room for. */
function keyOf(subject: string): string {
  return recordKey(`subject:${subject}`);
}
