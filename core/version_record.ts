import { BOOKMARK_RECORD, liveVersionKey } from "./bookmark_records.ts";
import type { Records, StoredRecord } from "./records.ts";

/** Which version of a handler is live. */
export type LiveVersion = {
  /** Its number. */
  live: number;
  /**
   * The versions before it whose bookmarks can still be moved: what they handle
   * until they are closed is handled for this one, too.
   */
  open: number[];
  /** Which of them is being closed, where there are no transactions. */
  closing?: number;
};

/** What is stored, and which revision of it. */
export type StoredLiveVersion = { value: LiveVersion; revision: number };

/** Without a record version 1 is live, as every handler is without a number. */
const FIRST: StoredLiveVersion = { value: { live: 1, open: [] }, revision: 0 };

/** The one record that says which version of a handler is live. */
export class VersionRecord {
  #records: Records;
  #key: string;

  /** @param name Of the handler, whatever its version. */
  constructor(records: Records, name: string) {
    this.#records = records;
    this.#key = liveVersionKey(name);
  }

  /** What is stored now. */
  async read(): Promise<StoredLiveVersion> {
    return toLiveVersion(await this.#records.get(BOOKMARK_RECORD, this.#key));
  }

  /** Changes it, unless somebody else has. */
  write(
    value: LiveVersion,
    revision: number,
    tx?: unknown,
  ): Promise<boolean> {
    const options = { revision, ...tx !== undefined && { tx } };
    return this.#records.put(BOOKMARK_RECORD, this.#key, value, options);
  }
}

/** What a record says. */
export function toLiveVersion(
  record: StoredRecord | undefined,
): StoredLiveVersion {
  return record ? { value: record.value, revision: record.revision } : FIRST;
}
