/**
 * A small document that the library keeps beside the log: an owner, a
 * snapshot, a timer. What it means is known to whoever wrote it.
 */
export type StoredRecord = {
  /** What sort of thing it is. */
  kind: string;
  /** Which one of its kind. */
  key: string;
  /** Any value that JSON can hold. */
  value: any;
  /** Grows by one with every change, from 1. */
  revision: number;
  /** When it is due, in milliseconds since 1970; absent if never. */
  due?: number;
};

/** Options of {@linkcode Records.put}. */
export type PutOptions<Tx = any> = {
  /** The revision that it must have now; 0 if it must not exist. */
  revision: number;
  /** When it is due, in milliseconds since 1970; left out, never. */
  due?: number;
  /** Write inside this transaction. */
  tx?: Tx;
};

/**
 * Small documents beside the log, by kind and key. Every change compares the
 * revision first, so of two writers that read the same one, one wins.
 */
export type Records<Tx = any> = {
  /** One record, or undefined. */
  get(
    kind: string,
    key: string,
    options?: { tx?: Tx },
  ): Promise<StoredRecord | undefined>;
  /**
   * The records of a kind in the order of their keys' UTF-8 bytes.
   *
   * @param options `after` starts behind that key; `limit` is 1,000 unless given.
   */
  list(
    kind: string,
    options?: { after?: string; limit?: number; tx?: Tx },
  ): Promise<StoredRecord[]>;
  /**
   * The records of a kind that are due at `until` or before, earliest first.
   *
   * @param until In milliseconds since 1970.
   * @param options `limit` is 1,000 unless given.
   */
  due(
    kind: string,
    until: number,
    options?: { limit?: number; tx?: Tx },
  ): Promise<StoredRecord[]>;
  /**
   * Writes a record if its revision is the one expected.
   *
   * @returns Whether it was written; its revision is then one higher.
   */
  put(
    kind: string,
    key: string,
    value: unknown,
    options: PutOptions<Tx>,
  ): Promise<boolean>;
  /**
   * Removes a record.
   *
   * @param options With `revision`, only if it is still that one.
   * @returns Whether there was one to remove.
   */
  remove(
    kind: string,
    key: string,
    options?: { revision?: number; tx?: Tx },
  ): Promise<boolean>;
};

const PAGE_SIZE = 1000;

/** All records of a kind, by their key. */
export async function listAll(
  records: Records,
  kind: string,
): Promise<Map<string, StoredRecord>> {
  const found = new Map<string, StoredRecord>();
  let page: StoredRecord[] = [];
  do {
    const last = page.at(-1);
    page = await records.list(kind, {
      limit: PAGE_SIZE,
      ...last && { after: last.key },
    });
    for (const record of page) found.set(record.key, record);
  } while (page.length === PAGE_SIZE);
  return found;
}
