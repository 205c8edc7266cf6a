import {
  BOOKMARK_RECORD,
  liveVersionKey,
  prefixOf,
  slicedKey,
} from "./bookmark_records.ts";
import { digest } from "./digest.ts";
import type { StoreEvent } from "./event.ts";
import { describeFailure, type ParkedError } from "./parked_error.ts";
import type { Records, StoredRecord } from "./records.ts";

const PAGE_SIZE = 1000;
const VERSION_DIGITS = 16;

/**
 * An aggregate whose events a handler has parked: one that failed, and those
 * behind it. They are not copied, for they stand in the log.
 */
export type ParkedAggregate = {
  /** Its stream. */
  stream: string;
  /** Its id. */
  aggregateId: string;
  /** The version of the event to go on at: the one that failed. */
  version: number;
  /** The version of the last event that waits; the same if there is only one. */
  lastVersion: number;
  /** How often that event has failed for good: when it was parked, and replayed. */
  failures: number;
  /** When it was parked, or failed again. */
  at: Date;
  /**
   * Where the event that failed stands in the log; a text where positions are
   * objects. Absent, as `error` is, if that one is done or discarded.
   */
  position?: number | string;
  /** What its callback threw. */
  error?: ParkedError;
};

/** What a record of a parked aggregate holds, as JSON. */
export type ParkedValue = Omit<ParkedAggregate, "at"> & {
  /** The bookmark of the handler. */
  bookmark: string;
  /** As of `ParkedAggregate`, in milliseconds since 1970. */
  at: number;
};

/** A record of a parked aggregate. */
export type ParkedRecord = StoredRecord & { value: ParkedValue };

/**
 * The parked events of a bookmark, as they are stored. For each aggregate there
 * is one small record, however many events wait: its own place in the log, which
 * moves by compare and set as a bookmark does.
 *
 * The version of the first event that failed is part of the key. So nobody who
 * is late can mistake a record for the next one of the same aggregate, whose
 * revisions begin at 1 again.
 */
export class ParkedEvents {
  #records: Records;
  #bookmark: string;
  #prefix: string;
  #liveKey: string;
  #liveVersion: StoredRecord | undefined;
  #slicedKey: string;
  #isSliced = false;

  /** @param bookmark Whose. */
  constructor(records: Records, bookmark: string) {
    this.#records = records;
    this.#bookmark = bookmark;
    this.#prefix = prefixOf(bookmark);
    this.#liveKey = liveVersionKey(bookmark);
    this.#slicedKey = slicedKey(bookmark);
  }

  /** What the last list has shown of the version that is live, if anything. */
  get liveVersion(): StoredRecord | undefined {
    return this.#liveVersion;
  }

  /** Whether the last list has shown that the handler is kept in slices. */
  get isSliced(): boolean {
    return this.#isSliced;
  }

  /** All that are parked. */
  async list(): Promise<ParkedRecord[]> {
    const all = await this.#listAll();
    return all.filter(({ value }) => !isOver(value));
  }

  /** The same, for who begins to work: what a crash has left over is removed. */
  async listAndTidy(): Promise<ParkedRecord[]> {
    const all = await this.#listAll();
    for (const one of all) if (isOver(one.value)) await this.remove(one);
    return all.filter(({ value }) => !isOver(value));
  }

  /** What is parked of one aggregate, the oldest first: one, as a rule. */
  async find(
    stream: string,
    aggregateId: string,
  ): Promise<ParkedRecord | undefined> {
    const found = await this.#list(this.#prefixOf(stream, aggregateId));
    return found.find(({ value }) => !isOver(value));
  }

  /** One record. */
  async get(key: string, tx?: unknown): Promise<ParkedRecord | undefined> {
    return await this.#records.get(BOOKMARK_RECORD, key, { tx });
  }

  /**
   * Parks an event, and those behind it.
   *
   * @param failed The event that failed.
   * @param lastVersion That of the last event behind it.
   * @returns The record; undefined if it is there already.
   */
  async add(
    failed: StoreEvent<any>,
    reason: unknown,
    lastVersion: number,
    at: number,
    tx?: unknown,
  ): Promise<ParkedRecord | undefined> {
    const { stream, aggregateId, version } = failed;
    const digits = String(version).padStart(VERSION_DIGITS, "0");
    const key = `${this.#prefixOf(stream, aggregateId)}${digits}`;
    const value: ParkedValue = {
      bookmark: this.#bookmark,
      stream,
      aggregateId,
      version,
      lastVersion,
      ...failureOf(failed, reason, at),
      failures: 1,
    };
    const added = await this.#records.put(BOOKMARK_RECORD, key, value, {
      revision: 0,
      tx,
    });
    return added
      ? { kind: BOOKMARK_RECORD, key, value, revision: 1 }
      : undefined;
  }

  /**
   * Changes a record, unless somebody else has.
   *
   * @returns The record as it is now; undefined if it was not changed.
   */
  async change(
    { kind, key, revision }: ParkedRecord,
    value: ParkedValue,
    tx?: unknown,
  ): Promise<ParkedRecord | undefined> {
    const options = { revision, tx };
    const changed = await this.#records.put(kind, key, value, options);
    return changed ? { kind, key, value, revision: revision + 1 } : undefined;
  }

  /** Removes a record, unless somebody else has changed it; says whether. */
  remove({ kind, key, revision }: ParkedRecord): Promise<boolean> {
    return this.#records.remove(kind, key, { revision });
  }

  async #listAll(): Promise<ParkedRecord[]> {
    const all = await this.#list(this.#prefix);
    return all.filter(({ key }) =>
      key !== this.#liveKey && key !== this.#slicedKey
    );
  }

  async #list(prefix: string): Promise<ParkedRecord[]> {
    const found: ParkedRecord[] = [];
    const seen: StoredRecord[] = [];
    let after = prefix;
    while (true) {
      const page = await this.#records.list(BOOKMARK_RECORD, {
        after,
        limit: PAGE_SIZE,
      });
      const own = page.filter(({ key }) => key.startsWith(prefix));
      found.push(...own);
      seen.push(...page);
      if (own.length < PAGE_SIZE) {
        const isAll = page.length < PAGE_SIZE;
        this.#liveVersion = await this.#recordIn(seen, isAll, this.#liveKey);
        const sliced = await this.#recordIn(seen, isAll, this.#slicedKey);
        this.#isSliced = sliced !== undefined;
        return found;
      }
      after = own.at(-1)!.key;
    }
  }

  /** It stands behind all that is parked of the bookmark: as a rule, in reach. */
  async #recordIn(
    seen: StoredRecord[],
    isAll: boolean,
    key: string,
  ): Promise<StoredRecord | undefined> {
    const isInReach = isAll || seen.at(-1)!.key >= key;
    return isInReach
      ? seen.find((one) => one.key === key)
      : await this.#records.get(BOOKMARK_RECORD, key);
  }

  /** Ids may be as long as a key, and what they like: a digest is neither. */
  #prefixOf(stream: string, aggregateId: string): string {
    const aggregate = digest(JSON.stringify([stream, aggregateId]));
    return `${this.#prefix}${aggregate}-`;
  }
}

/** What a record says of the event that failed. */
export function failureOf(
  { position }: StoreEvent<any>,
  reason: unknown,
  at: number,
): Pick<ParkedValue, "position" | "error" | "at"> {
  return {
    position: typeof position === "number" ? position : String(position),
    error: describeFailure(reason),
    at,
  };
}

/** The same without its events before `version`. */
export function goingOnAt(value: ParkedValue, version: number): ParkedValue {
  if (version === value.version) return value;
  const { position: _, error: _error, ...rest } = value;
  return { ...rest, version, failures: 0 };
}

/** Whether nothing of it waits any more: it is about to be removed. */
function isOver({ version, lastVersion }: ParkedValue): boolean {
  return version > lastVersion;
}

/** As an application sees it. */
export function toParkedAggregate({ value }: ParkedRecord): ParkedAggregate {
  const { bookmark: _, at, ...rest } = value;
  return { ...rest, at: new Date(at) };
}
