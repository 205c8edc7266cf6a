import type { StoreEvent } from "../core/event.ts";
import type { HandlerControls } from "../core/handler_options.ts";
import type { Provider } from "../core/provider.ts";
import { startOfLog } from "../core/start_of_log.ts";
import type { KnownAggregate } from "./domain_module.ts";
import type { LogPart } from "./log_windows.ts";
import { orderOf } from "./position_order.ts";
import { RequestError } from "./request_error.ts";
import type { ShownEvents } from "./shown_events.ts";

/** How long the names of the streams count, in milliseconds. */
const NAMES_MS = 2000;

/** How many streams are asked at once. */
const AT_ONCE = 8;

/** What the routes answer from. */
export type StudioContext = {
  /** The store. */
  store: StudioStore;
  /** The handlers whose code is known. */
  handlers: readonly HandlerControls[];
  /** The aggregates of the domain module, by stream. */
  aggregates: ReadonlyMap<string, KnownAggregate>;
  /** Shows events. */
  shown: ShownEvents;
  /** Whether something may be changed. */
  write: boolean;
  /** The version of this library. */
  libraryVersion: string;
};

/** A store as a studio reads it. */
export class StudioStore {
  /** The log. */
  readonly provider: Provider<any>;
  #names: { at: number; streams: Promise<string[]> } | undefined;
  #start: Promise<any> | undefined;

  /** @param provider The log. */
  constructor(provider: Provider<any>) {
    this.provider = provider;
  }

  /**
   * The names of the streams, not asked for more often than every two seconds.
   *
   * @throws {RequestError} 501 if the provider cannot list them.
   */
  async streams(): Promise<string[]> {
    const { catalog, driver } = this.provider;
    if (!catalog) {
      throw new RequestError(
        501,
        "NOT_SUPPORTED",
        `The provider "${driver}" cannot list its streams: it has no catalog`,
      );
    }
    const now = performance.now();
    if (!this.#names || now - this.#names.at > NAMES_MS) {
      const names = this.#names = { at: now, streams: catalog.streams() };
      names.streams.catch(() => {
        if (this.#names === names) this.#names = undefined;
      });
    }
    return await this.#names.streams;
  }

  /** Where a bookmark stands that nobody has stored. */
  async start(): Promise<any> {
    this.#start ??= startOfLog(this.provider);
    try {
      return await this.#start;
    } catch (error) {
      this.#start = undefined;
      throw error;
    }
  }

  /** The log of some streams. */
  async logOf(streams: readonly string[]): Promise<LogPart> {
    const { provider } = this;
    return {
      provider,
      start: await this.start(),
      read: async (position, limit) =>
        streams.length === 0
          ? []
          : await provider.getEventsFrom([...streams], position, limit),
    };
  }

  /** The events of an aggregate, in each of the streams that have it. */
  async logOfAggregate(
    streams: readonly string[],
    id: string,
  ): Promise<LogPart> {
    const { provider } = this;
    const own = await this.streamsWith(streams, id);
    const read = async (position: any, limit: number) => {
      const pages = await Promise.all(
        own.map(({ stream }) =>
          provider.getEventsFor(stream, id, position, { limit })
        ),
      );
      if (pages.length === 1) return pages[0]!;
      return pages.flat()
        .map((event) => ({ event, order: orderOf(event.position, provider) }))
        .sort((one, two) => one.order < two.order ? -1 : 1)
        .slice(0, limit)
        .map(({ event }) => event);
    };
    return { provider, start: await this.start(), read };
  }

  /** The streams that have an aggregate with this id, and its newest event. */
  async streamsWith(
    streams: readonly string[],
    id: string,
  ): Promise<StoreEvent<any>[]> {
    const found: StoreEvent<any>[] = [];
    for (let next = 0; next < streams.length; next += AT_ONCE) {
      const some = await Promise.all(
        streams.slice(next, next + AT_ONCE)
          .map((stream) => this.provider.getLastEventFor(stream, id)),
      );
      found.push(...some.filter((one) => one !== undefined));
    }
    return found;
  }

  /** The newest event of some streams. */
  async newest(
    streams: readonly string[],
  ): Promise<StoreEvent<any> | undefined> {
    return streams.length === 0
      ? undefined
      : await this.provider.getLastEventFor([...streams]);
  }

  /**
   * The end of the log, of all streams or of one, as handlers see it: nothing
   * appears at or before it later.
   */
  async safeEnd(stream: string | undefined): Promise<any> {
    const { provider } = this;
    const names = stream === undefined ? await this.streams() : [stream];
    const horizon = await provider.horizon?.();
    const last = await this.newest(names);
    if (!last) return await this.start();
    const isHeld = horizon && orderOf(horizon.position, provider) <
        orderOf(last.position, provider);
    return isHeld ? horizon.position : last.position;
  }

  /** The event with a version, by the index of its aggregate. */
  async eventAt(
    stream: string,
    id: string,
    version: number,
  ): Promise<StoreEvent<any> | undefined> {
    const { provider } = this;
    let position: any = undefined;
    while (true) {
      const page = await provider.getEventsFor(stream, id, position, {
        limit: 1000,
      });
      const found = page.find((one) => one.version === version);
      const last = page.at(-1);
      if (found || !last || last.version > version) return found;
      position = last.position;
    }
  }
}
