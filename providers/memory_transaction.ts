import type { StoredRecord } from "../core/records.ts";

/** A record, with its value as text, so that nobody can change it. */
export type RecordEntry = Omit<StoredRecord, "value"> & { value: string };

/** What a transaction has changed: the new value, or undefined if removed. */
export type Changes = {
  /** Bookmarks by name. */
  bookmarks: Map<string, number>;
  /** Records by kind and key. */
  records: Map<string, Map<string, RecordEntry | undefined>>;
  /** What to do once it is committed. */
  onCommit: (() => void)[];
};

const changesOf: WeakMap<MemoryTransaction, Changes> = new WeakMap();

/**
 * A transaction of the memory provider. A read model in memory has no
 * transactions of its own, so a transactional handler changes it in `onCommit`.
 *
 * @example
 * ```ts
 * import { createProvider } from "evtstore/provider/memory";
 * import assert from "node:assert/strict";
 *
 * const provider = createProvider();
 * const names = new Set<string>();
 * await provider.transact(async (tx) => {
 *   tx.onCommit(() => names.add("Ada"));
 *   assert.equal(names.size, 0);
 * });
 * assert.equal(names.size, 1);
 * ```
 */
export class MemoryTransaction {
  /** Does `work` if and when the transaction is committed; it must not throw. */
  onCommit(work: () => void): void {
    changesOf.get(this)!.onCommit.push(work);
  }
}

/** Begins a transaction that has changed nothing. */
export function beginMemoryTransaction(): MemoryTransaction {
  const transaction = new MemoryTransaction();
  changesOf.set(transaction, {
    bookmarks: new Map(),
    records: new Map(),
    onCommit: [],
  });
  return transaction;
}

/** What a transaction has changed so far. */
export function changesIn(transaction: MemoryTransaction): Changes {
  return changesOf.get(transaction)!;
}
