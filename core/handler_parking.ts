import { isStoredBookmark } from "./bookmark.ts";
import type { Clock } from "./clock.ts";
import { StoreError } from "./errors.ts";
import { EventFailure } from "./event_failure.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { failurePolicyOf } from "./failure_policy.ts";
import type { PageRunner } from "./handler_page.ts";
import type { ParkedTarget } from "./handler_options.ts";
import { handlerNameOf } from "./handler_slice.ts";
import {
  failureOf,
  goingOnAt,
  type ParkedAggregate,
  ParkedEvents,
  toParkedAggregate,
} from "./parked_events.ts";
import type { Provider } from "./provider.ts";
import type { StoredRecord } from "./records.ts";
import { ReplayCursor } from "./replay_cursor.ts";
import { checkName } from "./validation.ts";

const PAGE_SIZE = 1000;

/** What is parked of a handler, for whoever has repaired the cause. */
export class HandlerParking {
  #options: EventHandlerOptions;
  #clock: Clock;
  #store: ParkedEvents | undefined;

  /** @param options Of the handler. */
  constructor(options: EventHandlerOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /**
   * What is stored; undefined where nothing can be parked.
   *
   * @throws {StoreError} `NOT_SUPPORTED` if the handler is to park and cannot.
   */
  async storeIfAny(): Promise<ParkedEvents | undefined> {
    if (this.#store) return this.#store;
    const { bookmark, provider } = this.#options;
    const store = await provider;
    if (store.records && isStoredBookmark(bookmark)) {
      const name = handlerNameOf(this.#options);
      return this.#store = new ParkedEvents(store.records, name);
    }
    if (failurePolicyOf(this.#options).onFailure === "park") {
      checkRecords(store);
    }
    return undefined;
  }

  /** What the last list has shown of the version that is live, if anything. */
  get liveVersion(): StoredRecord | undefined {
    return this.#store?.liveVersion;
  }

  /** All that is parked, oldest event of each aggregate first. */
  async list(): Promise<ParkedAggregate[]> {
    const store = await this.storeIfAny();
    const records = await store?.list() ?? [];
    return records.map(toParkedAggregate);
  }

  /** Whether an event is parked, or behind one that is. */
  async isParked(
    stream: string,
    aggregateId: string,
    version: number,
  ): Promise<boolean> {
    const store = await this.storeIfAny();
    const found = await store?.find(stream, aggregateId);
    return found !== undefined && version >= found.value.version;
  }

  /**
   * Gives up events of an aggregate up to a version.
   *
   * @returns How many.
   */
  async discard(target: ParkedTarget & { version: number }): Promise<number> {
    const { stream, aggregateId } = this.#checkTarget(target);
    const { version } = target;
    if (!Number.isInteger(version)) {
      throw new StoreError(
        "INVALID_INPUT",
        `Expected version to be that of a parked event, as parked() gives it: got ${version}`,
        { field: "version", stream, aggregateId },
      );
    }
    const store = await this.storeIfAny();
    let count = 0;
    while (true) {
      const record = await store?.find(stream, aggregateId);
      if (!record || record.value.version > version) return count;
      const { value } = record;
      const rest = goingOnAt(value, version + 1);
      const isDone = version < value.lastVersion
        ? await store!.change(record, rest) !== undefined
        : await store!.remove(record);
      if (isDone) {
        count += Math.min(version, value.lastVersion) - value.version + 1;
      }
    }
  }

  /**
   * Handles what is parked of an aggregate, in order.
   *
   * @param runnerOf Handles events, and stores the place of this cursor.
   * @returns How many there was a callback for.
   */
  async replay(
    target: ParkedTarget,
    enough: () => boolean,
    runnerOf: (
      cursor: ReplayCursor,
      stream: string,
      aggregateId: string,
    ) => Promise<PageRunner>,
  ): Promise<number> {
    const { stream, aggregateId } = this.#checkTarget(target);
    const store = await this.storeIfAny();
    let total = 0;
    while (!enough()) {
      const record = await store?.find(stream, aggregateId);
      if (!record) break;
      const cursor = new ReplayCursor(store!, record);
      const runner = await runnerOf(cursor, stream, aggregateId);
      try {
        total += await this.#replayOne(record.value, cursor, runner, enough);
      } catch (error) {
        if (!(error instanceof EventFailure)) throw error;
        const { event, reason } = error;
        const failure = failureOf(event, reason, this.#clock.now());
        await cursor.failed(event.version, failure);
        throw error;
      } finally {
        await runner.end();
      }
    }
    return total;
  }

  /** In pages, from the version that is parked up to the last one behind it. */
  async #replayOne(
    { stream, aggregateId }: { stream: string; aggregateId: string },
    cursor: ReplayCursor,
    runner: PageRunner,
    enough: () => boolean,
  ): Promise<number> {
    const { sealer } = this.#options;
    const provider = await this.#options.provider;
    let total = 0;
    let from: any = undefined;
    while (!enough()) {
      // Not from the parked position: the log may be read by version alone.
      const stored = await provider.getEventsFor(stream, aggregateId, from, {
        limit: provider.limit || PAGE_SIZE,
      });
      const page = sealer ? await sealer.open(stored) : stored;
      cursor.enter(page);
      while (!enough()) {
        const events = page.filter(({ version }) =>
          version >= cursor.next && version <= cursor.last
        );
        if (events.length === 0) break;
        const { handled, moved } = await runner.run(events);
        total += handled;
        if (!moved && !await cursor.refresh()) {
          return await this.#leave(cursor, total);
        }
      }
      if (enough()) break;
      // Not the end of the page: more of it may come to wait meanwhile.
      const done = page.findLast(({ version }) => version < cursor.next);
      if (done) from = done.position;
      else cursor.skipTo(cursor.last + 1);
      if (await cursor.finish()) return total;
      if (cursor.next > cursor.last) return await this.#leave(cursor, total);
    }
    return total;
  }

  /** Somebody else has ended it, or is at it. */
  async #leave(cursor: ReplayCursor, total: number): Promise<number> {
    if (await cursor.isGone()) return total;
    const bookmark = handlerNameOf(this.#options);
    throw new StoreError(
      "BOOKMARK_MOVED",
      `Cannot replay what handler "${bookmark}" has parked: another replay or discard of the same aggregate is at work; look at parked() when it is done`,
      { bookmark },
    );
  }

  #checkTarget(target: ParkedTarget): { stream: string; aggregateId: string } {
    const { streams } = this.#options;
    const { aggregateId } = target;
    const stream = target.stream ??
      (streams.length === 1 ? streams[0] : undefined);
    checkName("aggregateId", aggregateId);
    const own = streams.find((one) => one === stream);
    if (own !== undefined) return { stream: own, aggregateId };
    const name = handlerNameOf(this.#options);
    throw new StoreError(
      "INVALID_INPUT",
      `Expected stream to be one of handler "${name}" (${
        streams.join(", ")
      }): got ${stream === undefined ? "none" : `"${stream}"`}`,
      { field: "stream", bookmark: name, aggregateId },
    );
  }
}

/**
 * Refuses a provider that cannot store what is parked.
 *
 * @throws {StoreError} `NOT_SUPPORTED`
 */
export function checkRecords(provider: Provider<any>): void {
  if (provider.records) return;
  throw new StoreError(
    "NOT_SUPPORTED",
    `Cannot park events: the ${provider.driver} provider keeps no records; use onFailure: "skip", or catch what fails in the callback and store it yourself`,
    { field: "onFailure" },
  );
}
