import { isStoredBookmark } from "./bookmark.ts";
import type { Clock } from "./clock.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { type HandledEvents, waitUntilHandled } from "./handled.ts";
import type { HandledOptions } from "./handler_options.ts";
import type { HandlerParking } from "./handler_parking.ts";
import {
  type HandlerStatus,
  readStatus,
  type StatusParts,
} from "./handler_status.ts";
import { LivePlace } from "./live_place.ts";
import type { Provider } from "./provider.ts";
import type { RebuildProgress } from "./rebuild_progress.ts";
import { checkVersion, type NumberedHandler } from "./version_names.ts";
import {
  type LiveVersion,
  toLiveVersion,
  VersionRecord,
} from "./version_record.ts";
import { readVersionStatus } from "./version_status.ts";

/** What a handler shows of itself. */
export type HandlerViewContext = {
  options: EventHandlerOptions;
  /** The name of its bookmark. */
  bookmark: string;
  numbered: NumberedHandler;
  clock: Clock;
  parking: HandlerParking;
  progress: RebuildProgress;
  /** Wakes at once what this process handles. */
  handled: HandledEvents;
  /** Where it stands. */
  place(): Promise<any>;
  /** What it is doing. */
  now(): Pick<StatusParts, "state" | "lastError" | "owner">;
};

/** Answers how far a handler is, without touching its work. */
export class HandlerView {
  #context: HandlerViewContext;

  /** @param context Of the handler. */
  constructor(context: HandlerViewContext) {
    this.#context = context;
  }

  /** Waits until an event is handled, by whichever version is live. */
  async handled(
    stream: string,
    aggregateId: string,
    version: number,
    wait: HandledOptions,
  ): Promise<void> {
    const { options, numbered, parking, place, bookmark, clock, handled } =
      this.#context;
    const provider = await options.provider;
    const live = new LivePlace(provider, numbered, {
      position: place,
      isParked: (...event) => parking.isParked(...event),
      live: () => toLiveVersion(parking.liveVersion).value.live,
    });
    await waitUntilHandled({ stream, aggregateId, version }, wait, {
      ...{ bookmark, streams: options.streams, provider, clock, handled },
      position: () => live.position(),
      isParked: (...event) => live.isParked(...event),
      takesLong: async () => {
        if (isStoredBookmark(options.bookmark)) await live.look();
      },
    });
  }

  /** What it does, and how far it is behind. */
  async status(): Promise<HandlerStatus> {
    const { options, bookmark, numbered, parking, progress, clock } =
      this.#context;
    const { streams } = options;
    const provider = await options.provider;
    const position = await this.#context.place();
    const parked = await parking.list();
    const value = await this.#liveVersion(provider);
    return await readStatus(provider, {
      ...await readVersionStatus({
        ...{ provider, handler: numbered, streams, position, value, progress },
      }),
      ...{ name: bookmark, streams, position, parked, now: clock.now() },
      ...this.#context.now(),
    });
  }

  /** Which version is live, as it was when what is parked was listed. */
  async #liveVersion(provider: Provider<any>): Promise<LiveVersion> {
    const { options, numbered: { name, version }, parking } = this.#context;
    if (version === 1) return toLiveVersion(parking.liveVersion).value;
    checkVersion({ ...options, bookmark: name, provider });
    return (await new VersionRecord(provider.records!, name).read()).value;
  }
}
