import { type HandlerBookmark, MemoryBookmark } from "./bookmark.ts";
import type { Provider } from "./provider.ts";
import { isSamePosition } from "./position.ts";
import { unlessRefused } from "./refusable.ts";
import { startOfLog } from "./start_of_log.ts";
import { transactOf } from "./transact_of.ts";

/** Where a handler without a bookmark begins. */
export type TailOptions = {
  /** A new bookmark begins at the end of the streams. */
  tailStream: boolean;
  /** Every bookmark begins at the end of the streams. */
  alwaysTailStream: boolean;
};

/**
 * The place of a handler in the log: in memory, where it has come to, and
 * stored, where it would begin again. The stored place moves only by compare
 * and set, so that two handlers of one bookmark cannot move each other's back.
 */
export class HandlerCursor {
  #provider: Provider<any>;
  #bookmark: HandlerBookmark;
  #streams: string[];
  #tail: TailOptions;
  #position: any = undefined;
  #stored: any = undefined;
  #mayTail = true;
  #isOwed = false;
  #readings = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /** A place that is not known before `open`. */
  constructor(
    provider: Provider<any>,
    bookmark: HandlerBookmark,
    streams: string[],
    tail: TailOptions,
  ) {
    this.#provider = provider;
    this.#bookmark = bookmark;
    this.#streams = streams;
    this.#tail = tail;
  }

  /** The position of the last event that was handled or passed over. */
  get position(): any {
    return this.#position;
  }

  /** How often the place was read anew: what was known before may be old. */
  get readings(): number {
    return this.#readings;
  }

  /**
   * Finds the place to begin at, unless it is known, and stores it if that is
   * still to be done. One at the end of the streams is stored at once: who takes
   * over, or starts again, goes on from there and misses nothing.
   */
  open(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#position === undefined) {
        const stored = await this.readStored();
        this.#readings++;
        this.#position = this.#mayTail ? await this.#beginning(stored) : stored;
        this.#stored = stored;
        this.#isOwed = !isSamePosition(this.#position, stored);
      }
      if (this.#isOwed && !await this.#store()) await this.#follow();
    });
  }

  /** Where the handler would begin now. */
  async beginning(): Promise<any> {
    if (this.#bookmark === MemoryBookmark && this.#position !== undefined) {
      return this.#position;
    }
    return await this.#beginning(await this.readStored());
  }

  /** Comes to a place, in memory. */
  moveTo(position: any): void {
    this.#position = position;
  }

  /**
   * Stores the place.
   *
   * @returns False if somebody else has moved the bookmark since it was read.
   */
  store(): Promise<boolean> {
    return this.#inTurn(() => this.#store());
  }

  async #store(): Promise<boolean> {
    if (isSamePosition(this.#position, this.#stored)) return true;
    const position = this.#position;
    // If this fails, the next one who opens it tries again.
    this.#isOwed = true;
    if (this.#bookmark !== MemoryBookmark) {
      const options = { from: this.#stored };
      const moved = typeof this.#bookmark === "string"
        ? await this.#provider.setPosition(this.#bookmark, position, options)
        : await this.#bookmark.setPosition(position, options);
      if (moved === false) return false;
    }
    this.#stored = position;
    this.#isOwed = false;
    return true;
  }

  /**
   * Stores a place inside a transaction; it counts once `committed` is called.
   *
   * @param from What the bookmark was moved to in this same transaction.
   */
  async storeIn(tx: unknown, position: any, from?: any): Promise<boolean> {
    const moved = await this.#provider.setPosition(
      this.#bookmark as string,
      position,
      { from: from ?? this.#stored, tx },
    );
    return moved !== false;
  }

  /**
   * Stores a place in one transaction with something else.
   *
   * @param place Asked when it is this one's turn; undefined for where it is.
   * @param write Writes it; undefined if it must not be stored after all.
   * @returns What `write` returned, or nothing if neither is stored.
   */
  storeWith<T>(
    place: () => any,
    write: (tx: any) => Promise<T | undefined>,
  ): Promise<{ value?: T }> {
    return this.#inTurn(async () => {
      const position = place() ?? this.#position;
      const done = await unlessRefused((refuse) =>
        transactOf(this.#provider)(async (tx) => {
          if (!await this.storeIn(tx, position)) refuse();
          const written = await write(tx);
          return written === undefined ? refuse() : written;
        })
      );
      if (!done) return {};
      this.#stored = position;
      return done;
    });
  }

  /** The transaction that stored this place was committed. */
  committed(position: any): void {
    this.#position = position;
    this.#stored = position;
  }

  /** Forgets everything: the next `open` begins as a start does. */
  reset(): void {
    this.#position = undefined;
    this.#stored = undefined;
    this.#mayTail = true;
  }

  /** Forgets everything: the next `open` goes on where another left off. */
  takeOver(): void {
    this.reset();
    this.#mayTail = false;
  }

  /** Begins anew after a start; a place that only memory has is kept. */
  restart(): void {
    const onlyInMemory = this.#bookmark === MemoryBookmark;
    if (!onlyInMemory || this.#tail.alwaysTailStream) this.reset();
  }

  /** Takes over the stored place after somebody else has moved it. */
  follow(): Promise<void> {
    return this.#inTurn(() => this.#follow());
  }

  async #follow(): Promise<void> {
    const stored = await this.readStored();
    this.#readings++;
    this.#position = stored;
    this.#stored = stored;
    this.#isOwed = false;
  }

  /** What reads the stored place and what moves it must not overtake each other. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** The place that is stored now, whoever stored it. */
  async readStored(): Promise<any> {
    const bookmark = this.#bookmark;
    if (typeof bookmark !== "string") return await bookmark.getPosition();
    if (bookmark === MemoryBookmark) return await startOfLog(this.#provider);
    return await this.#provider.getPosition(bookmark);
  }

  async #beginning(stored: any): Promise<any> {
    const { tailStream, alwaysTailStream } = this.#tail;
    const tail = alwaysTailStream ||
      (tailStream && isSamePosition(stored, await startOfLog(this.#provider)));
    if (!tail) return stored;
    const last = await this.#provider.getLastEventFor(this.#streams);
    return last?.position ?? stored;
  }
}
