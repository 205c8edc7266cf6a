import type { PutOptions, Records, StoredRecord } from "../core/records.ts";
import type {
  Changes,
  MemoryTransaction,
  RecordEntry,
} from "./memory_transaction.ts";
import { compareBytes } from "./byte_order.ts";
import { checkRecord } from "./record_input.ts";

const LIMIT = 1000;

/** How a change reaches the records: at once, or with its transaction. */
export type ChangeRecords = (
  what: string,
  tx: MemoryTransaction | undefined,
  work: (changes: Changes) => boolean,
) => Promise<boolean>;

/** The records of a memory provider. */
export class MemoryRecords implements Records<MemoryTransaction> {
  #kinds: Map<string, Map<string, RecordEntry>> = new Map();
  #change: ChangeRecords;
  #changesOf: (tx?: MemoryTransaction) => Changes | undefined;

  /**
   * @param change Runs a change.
   * @param changesOf The changes that a reader sees beside what is committed.
   */
  constructor(
    change: ChangeRecords,
    changesOf: (tx?: MemoryTransaction) => Changes | undefined,
  ) {
    this.#change = change;
    this.#changesOf = changesOf;
  }

  async get(
    kind: string,
    key: string,
    { tx }: { tx?: MemoryTransaction } = {},
  ): Promise<StoredRecord | undefined> {
    const entry = this.#find(kind, key, this.#changesOf(tx));
    return entry && toRecord(entry);
  }

  async list(
    kind: string,
    { after, limit = LIMIT, tx }: {
      after?: string;
      limit?: number;
      tx?: MemoryTransaction;
    } = {},
  ): Promise<StoredRecord[]> {
    return this.#all(kind, this.#changesOf(tx))
      .filter(({ key }) => after === undefined || compareBytes(key, after) > 0)
      .sort((left, right) => compareBytes(left.key, right.key))
      .slice(0, limit)
      .map(toRecord);
  }

  async due(
    kind: string,
    until: number,
    { limit = LIMIT, tx }: { limit?: number; tx?: MemoryTransaction } = {},
  ): Promise<StoredRecord[]> {
    return this.#all(kind, this.#changesOf(tx))
      .filter(({ due }) => due !== undefined && due <= until)
      .sort((left, right) => left.due! - right.due!)
      .slice(0, limit)
      .map(toRecord);
  }

  async put(
    kind: string,
    key: string,
    value: unknown,
    { revision, due, tx }: PutOptions<MemoryTransaction>,
  ): Promise<boolean> {
    checkRecord(kind, key, value, revision, due);
    return await this.#change("records.put", tx, (changes) => {
      const current = this.#find(kind, key, changes);
      if ((current?.revision ?? 0) !== revision) return false;
      const entry: RecordEntry = {
        kind,
        key,
        value: JSON.stringify(value),
        revision: revision + 1,
      };
      if (due !== undefined) entry.due = due;
      set(changes, kind, key, entry);
      return true;
    });
  }

  async remove(
    kind: string,
    key: string,
    { revision, tx }: { revision?: number; tx?: MemoryTransaction } = {},
  ): Promise<boolean> {
    return await this.#change("records.remove", tx, (changes) => {
      const current = this.#find(kind, key, changes);
      if (!current) return false;
      if (revision !== undefined && current.revision !== revision) return false;
      set(changes, kind, key, undefined);
      return true;
    });
  }

  /** What a transaction changed is there for everybody. */
  commit({ records }: Changes): void {
    for (const [kind, entries] of records) {
      let committed = this.#kinds.get(kind);
      if (!committed) this.#kinds.set(kind, committed = new Map());
      for (const [key, entry] of entries) {
        if (entry) committed.set(key, entry);
        else committed.delete(key);
      }
    }
  }

  #find(
    kind: string,
    key: string,
    changes: Changes | undefined,
  ): RecordEntry | undefined {
    const changed = changes?.records.get(kind);
    return changed?.has(key)
      ? changed.get(key)
      : this.#kinds.get(kind)?.get(key);
  }

  #all(kind: string, changes: Changes | undefined): RecordEntry[] {
    const entries = new Map<string, RecordEntry | undefined>([
      ...this.#kinds.get(kind) ?? [],
      ...changes?.records.get(kind) ?? [],
    ]);
    return [...entries.values()].filter((entry) => entry !== undefined);
  }
}

function set(
  { records }: Changes,
  kind: string,
  key: string,
  entry: RecordEntry | undefined,
): void {
  let entries = records.get(kind);
  if (!entries) records.set(kind, entries = new Map());
  entries.set(key, entry);
}

function toRecord(entry: RecordEntry): StoredRecord {
  return { ...entry, value: JSON.parse(entry.value) };
}
