import type { HandlerCursor } from "./handler_cursor.ts";
import { HandlerVersion } from "./handler_version.ts";
import type { EventPage } from "./provider.ts";
import type { RebuildProgress } from "./rebuild_progress.ts";
import { TakeOver, type TakeOverContext } from "./take_over.ts";
import type { NumberedHandler } from "./version_names.ts";

/** What a rebuild is done with. */
export type RebuildContext = Omit<TakeOverContext, "version"> & {
  handler: NumberedHandler;
  streams: string[];
  progress: RebuildProgress;
};

/**
 * How a handler with a number above 1 comes from page to page: as far as those
 * before it have come, and from the take-over on as any other.
 */
export class Rebuild {
  #version: HandlerVersion;
  #takeOver: TakeOver;
  #progress: RebuildProgress;

  /** @param context What to do it with. */
  constructor({ handler, streams, progress, ...context }: RebuildContext) {
    const { provider, records } = context;
    this.#version = new HandlerVersion(provider, records, streams, handler);
    this.#takeOver = new TakeOver({ ...context, version: this.#version });
    this.#progress = progress;
  }

  /** Whether it handles only what others have handled. */
  get replays(): boolean {
    return this.#version.replays;
  }

  /**
   * Learns which version is live, if that may have changed.
   *
   * @throws {StoreError} `HANDLER_RETIRED`
   */
  async refresh(cursor: HandlerCursor): Promise<void> {
    await this.#version.refresh(cursor.readings);
    this.#progress.isRebuilding = !this.#version.isLive;
  }

  /**
   * The events of a page that others have handled. If there are none, it goes
   * one step on towards the take-over.
   *
   * @returns Undefined if there are none, and nothing to do until one comes.
   */
  async handledBefore(
    page: EventPage<any>,
    cursor: HandlerCursor,
  ): Promise<EventPage<any> | undefined> {
    this.#takeOver.look();
    const from = cursor.position;
    const count = await this.#version.countHandled({ from, events: page });
    if (count === undefined) return [];
    if (count > 0) return page.slice(0, count);
    const isGoingOn = await this.#takeOver.advance(page, cursor, count < 0);
    return isGoingOn ? [] : undefined;
  }

  /** From which version on the events of an aggregate were live for it. */
  firstLive(stream: string, aggregateId: string): Promise<number> {
    return this.#version.firstLive(stream, aggregateId);
  }

  /** Lets the others go on. */
  end(): Promise<void> {
    return this.#takeOver.end();
  }
}
