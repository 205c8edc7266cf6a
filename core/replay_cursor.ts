import type { StoreEvent } from "./event.ts";
import type { PageCursor } from "./page_cursor.ts";
import {
  goingOnAt,
  type ParkedEvents,
  type ParkedRecord,
} from "./parked_events.ts";

/**
 * The place of one parked aggregate, which its replay moves on as a handler
 * moves its bookmark. The live handler may let more wait behind it meanwhile;
 * whoever else moves the place itself has taken the replay over.
 */
export class ReplayCursor implements PageCursor {
  #store: ParkedEvents;
  #record: ParkedRecord;
  #next: number;
  #inTransaction: ParkedRecord | undefined;
  #versions: Map<any, number> = new Map();

  /** @param record What is parked. */
  constructor(store: ParkedEvents, record: ParkedRecord) {
    this.#store = store;
    this.#record = record;
    this.#next = record.value.version;
  }

  /** The version of the event to go on at. */
  get next(): number {
    return this.#next;
  }

  /** The version of the last event that waits, as far as was seen. */
  get last(): number {
    return this.#record.value.lastVersion;
  }

  /** The events that it moves on from now on. */
  enter(events: StoreEvent<any>[]): void {
    this.#versions = new Map(
      events.map(({ position, version }) => [position, version]),
    );
  }

  moveTo(position: any): void {
    this.#next = this.#versions.get(position)! + 1;
  }

  /** Stores the place, and keeps what was put behind it meanwhile. */
  async store(): Promise<boolean> {
    do {
      const value = goingOnAt(this.#record.value, this.#next);
      const changed = await this.#store.change(this.#record, value);
      if (changed) {
        this.#record = changed;
        return true;
      }
    } while (await this.refresh());
    return false;
  }

  async storeIn(tx: unknown, position: any, from?: any): Promise<boolean> {
    const record = from === undefined ? this.#record : this.#inTransaction!;
    const next = this.#versions.get(position)! + 1;
    // Also at its end it is changed, not removed: it may have to come back.
    const value = goingOnAt(this.#record.value, next);
    this.#inTransaction = await this.#store.change(record, value, tx);
    return this.#inTransaction !== undefined;
  }

  committed(position: any): void {
    this.moveTo(position);
    this.#record = this.#inTransaction!;
  }

  /** Everything up to a version is done, or is not in the log any more. */
  skipTo(version: number): void {
    this.#next = Math.max(this.#next, version);
  }

  /**
   * Reads again what waits.
   *
   * @returns False if it is not this replay's any more.
   */
  async refresh(): Promise<boolean> {
    const found = await this.#store.get(this.#record.key);
    if (!found || found.value.version !== this.#record.value.version) {
      return false;
    }
    this.#record = found;
    return true;
  }

  /** Whether somebody else has ended what was parked, or discarded all of it. */
  async isGone(): Promise<boolean> {
    return await this.#store.get(this.#record.key) === undefined;
  }

  /**
   * Removes what has nothing left to wait.
   *
   * @returns False if more waits by now, or it is not this replay's any more.
   */
  async finish(): Promise<boolean> {
    while (this.#next > this.last) {
      if (await this.#store.remove(this.#record)) return true;
      if (!await this.refresh()) return false;
    }
    return false;
  }

  /** Keeps why the next event has failed once more. */
  async failed(
    version: number,
    failure: Pick<ParkedRecord["value"], "position" | "error" | "at">,
  ): Promise<void> {
    do {
      const value = goingOnAt(this.#record.value, version);
      const failures = value.failures + 1;
      if (
        await this.#store.change(this.#record, {
          ...value,
          ...failure,
          failures,
        })
      ) return;
    } while (await this.refresh());
  }
}
