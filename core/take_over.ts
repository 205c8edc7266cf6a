import type { Clock } from "./clock.ts";
import { StoreError } from "./errors.ts";
import type { StoreEvent } from "./event.ts";
import type { HandlerCursor } from "./handler_cursor.ts";
import type { HandlerVersion } from "./handler_version.ts";
import type { Lease } from "./lease.ts";
import { membershipOf } from "./membership.ts";
import { ParkedEvents } from "./parked_events.ts";
import type { Provider } from "./provider.ts";
import type { Records } from "./records.ts";
import { unlessRefused } from "./refusable.ts";
import { bookmarkOf, takeOverPlaceOf } from "./version_names.ts";
import type { LiveVersion } from "./version_record.ts";

/** How long the version before may take to give way. */
const LONGEST_WAIT_MS = 30_000;
const LOOK_MS = 250;
/** How often others may come between in one pass. */
const MAX_STEPS = 20;

/** What a take-over is done with. */
export type TakeOverContext = {
  provider: Provider<any>;
  records: Records;
  version: HandlerVersion;
  clock: Clock;
  report(error: unknown): Promise<void>;
};

/**
 * Makes a version the live one, in two steps, each of which can be the last one
 * before a crash:
 *
 * 1. When all is handled that the one before has handled, and that one has given
 *    way, the record says that this one is live. Who reads it is retired.
 * 2. Before the first event that is live for it, the bookmark of the one before
 *    moves past that. A process of that one which has not heard of it yet cannot
 *    move it any more; if it was faster, then the event was live there.
 */
export class TakeOver {
  #context: TakeOverContext;
  #lease: Lease | undefined;
  #changed: AbortController = new AbortController();
  #waitsUntil: number | undefined;
  #steps = 0;
  #heldTerm: number | undefined;

  /** @param context What to do it with. */
  constructor(context: TakeOverContext) {
    this.#context = context;
  }

  /** To be called before the places of the others are read. */
  look(): void {
    this.#heldTerm = this.#lease?.held() ? this.#lease.term : undefined;
  }

  /**
   * All is handled that others have handled: goes one step on, or waits.
   *
   * @param page The events that come next, if there are any.
   * @param isAhead Whether this version has come further than the others.
   * @returns False if there is nothing to do until an event comes.
   * @throws {StoreError} `TAKE_OVER_WAITS` if it cannot.
   */
  async advance(
    page: StoreEvent<any>[],
    cursor: HandlerCursor,
    isAhead: boolean,
  ): Promise<boolean> {
    const { version } = this.#context;
    if (version.isLive) {
      if (page.length === 0) return false;
      this.#countStep();
      await this.#close(page.at(-1)!.position, cursor);
      return true;
    }
    await this.#refuseParked();
    // Then that one has to go on first.
    if (isAhead) await this.#release();
    if (isAhead || !await this.#isAlone()) await this.#wait();
    else await this.#becomeLive();
    return true;
  }

  /** Lets the version before go on, unless it is retired. */
  async end(): Promise<void> {
    this.#waitsUntil = undefined;
    this.#steps = 0;
    await this.#release();
  }

  #countStep(): void {
    if (++this.#steps <= MAX_STEPS) return;
    const { name, version } = this.#context.version.handler;
    throw new StoreError(
      "BOOKMARK_MOVED",
      `Cannot take over as version ${version} of handler "${name}": another one keeps moving its bookmark, or changing which is live`,
      { bookmark: bookmarkOf(name, version) },
    );
  }

  async #release(): Promise<void> {
    const lease = this.#lease;
    this.#lease = undefined;
    await lease?.release();
  }

  /** Whether nobody worked on the live bookmark when its place was read. */
  async #isAlone(): Promise<boolean> {
    const { provider, records, clock, report } = this.#context;
    const bookmark = this.#liveBookmark();
    if (this.#lease?.bookmark !== bookmark) await this.#release();
    this.#lease ??= membershipOf(provider, records, clock).ask(
      bookmark,
      () => this.#changed.abort(),
      (error) => void report(error),
      true,
    );
    const { term } = this.#lease;
    return this.#lease.held() && this.#heldTerm === term;
  }

  async #wait(): Promise<void> {
    const { clock, version } = this.#context;
    const now = clock.monotonic();
    this.#waitsUntil ??= now + LONGEST_WAIT_MS;
    if (now >= this.#waitsUntil) {
      const { handler, known } = version;
      const { live } = known.value;
      throw new StoreError(
        "TAKE_OVER_WAITS",
        `Version ${handler.version} of handler "${handler.name}" has caught up, but version ${live} has not given way for ${
          LONGEST_WAIT_MS / 1000
        } s: see what its callback is at`,
        { bookmark: bookmarkOf(handler.name, handler.version) },
      );
    }
    // What became known in the meantime need not be waited for.
    if (this.#lease?.held()) return;
    this.#changed = new AbortController();
    await clock.sleep(LOOK_MS, this.#changed.signal);
  }

  /** What the one before has parked it has not handled, and only it can. */
  async #refuseParked(): Promise<void> {
    const { records, version } = this.#context;
    const parked = await new ParkedEvents(records, this.#liveBookmark()).list();
    if (parked.length === 0) return;
    const { name, version: number } = version.handler;
    throw new StoreError(
      "TAKE_OVER_WAITS",
      `Version ${number} of handler "${name}" cannot take over while version ${version.known.value.live} has ${parked.length} aggregates parked, "${
        parked[0]!.value.aggregateId
      }" first: replay() or discard() them there`,
      { bookmark: bookmarkOf(name, number) },
    );
  }

  async #becomeLive(): Promise<void> {
    this.#countStep();
    const { version } = this.#context;
    const { value: { live, open }, revision } = version.known;
    const value: LiveVersion = {
      live: version.handler.version,
      open: [live, ...open],
    };
    if (await version.record.write(value, revision)) {
      version.learn({ value, revision: revision + 1 });
    }
    await this.#release();
  }

  /** Moves the bookmarks of those before past what is live from now on. */
  async #close(position: any, cursor: HandlerCursor): Promise<void> {
    const { version } = this.#context;
    if (!await cursor.store()) return await cursor.follow();
    for (const number of version.known.value.open) {
      if (!await this.#closeOne(number, position, cursor.position)) return;
    }
  }

  async #closeOne(number: number, to: any, place: any): Promise<boolean> {
    const { provider, version } = this.#context;
    const { value: { live, open, closing }, revision } = version.known;
    const { name } = version.handler;
    const value: LiveVersion = {
      live,
      open: open.filter((one) => one !== number),
    };
    const bookmark = bookmarkOf(name, number);
    const from = version.placeOf(number);
    const own = takeOverPlaceOf(name, version.handler.version);
    const { transact } = provider;
    const isClosed = transact
      ? await unlessRefused((refuse) =>
        transact(async (tx) => {
          const moved = await provider.setPosition(bookmark, to, { from, tx });
          if (moved === false) refuse();
          await provider.setPosition(own, place, { tx });
          if (!await version.record.write(value, revision, tx)) refuse();
        })
      ) !== undefined
      : await this.#closeWithout({ number, to, place, value, closing });
    if (!isClosed) return false;
    version.learn({ value, revision: version.known.revision + 1 });
    return true;
  }

  /**
   * The same where there are no transactions. What is not certain after a crash
   * counts as moved by this version: then events may be live twice, as they may
   * be for any handler without transactions, but never not at all.
   */
  async #closeWithout({ number, to, place, value, closing }: {
    number: number;
    to: any;
    place: any;
    value: LiveVersion;
    closing: number | undefined;
  }): Promise<boolean> {
    const { provider, version } = this.#context;
    const { name } = version.handler;
    const bookmark = bookmarkOf(name, number);
    const own = takeOverPlaceOf(name, version.handler.version);
    const write = async (value: LiveVersion) => {
      const { revision } = version.known;
      if (!await version.record.write(value, revision)) return false;
      version.learn({ value, revision: revision + 1 });
      return true;
    };
    const from = version.placeOf(number);
    await provider.setPosition(own, place);
    const { live, open } = version.known.value;
    if (!await write({ live, open, closing: number })) return false;
    const moved = await provider.setPosition(bookmark, to, { from });
    if (moved !== false || closing === number) {
      return await version.record.write(value, version.known.revision);
    }
    await write({ live, open });
    return false;
  }

  #liveBookmark(): string {
    const { handler, known } = this.#context.version;
    return bookmarkOf(handler.name, known.value.live);
  }
}
