import { nameOf } from "./bookmark.ts";
import { type Clock, systemClock } from "./clock.ts";
import { reportFailure } from "./event_failure.ts";
import type { EventHandler } from "./event_handler.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { failurePolicyOf } from "./failure_policy.ts";
import { givenProvider } from "./given_provider.ts";
import type { HandlerChange } from "./handler_condition.ts";
import type {
  BatchCallback,
  BatchOptions,
  EventCallback,
  HandledOptions,
  HandlerControls,
  ParkedTarget,
} from "./handler_options.ts";
import type { HandlerStatus } from "./handler_status.ts";
import { isRetirement } from "./handler_version.ts";
import { type Membership, membershipOf } from "./membership.ts";
import type { ParkedAggregate } from "./parked_events.ts";
import type { Provider } from "./provider.ts";
import { checkShards, checkShardsOf } from "./shards_check.ts";
import { SliceHandlers } from "./slice_handlers.ts";
import { sliceOf } from "./slices.ts";
import { SlicesCondition } from "./slices_condition.ts";
import {
  placesOfSlices,
  type SlicesStartContext,
  startInSlices,
  startInSlicesAlone,
} from "./slices_start.ts";
import { readSlicesLag, readSlicesStatus } from "./slices_status.ts";

const POLL_MS = 1000;

/**
 * A handler that is shared out over processes. Each of its 64 slices is handled
 * as a handler with a bookmark of its own would be, over a log that has only
 * the slice's events; what is common to them is here: one reading of the log,
 * and the share of this process.
 */
export class ShardedHandler implements HandlerControls {
  /** The name of its bookmark. */
  readonly name: string;
  #options: EventHandlerOptions;
  #shards: number;
  #clock: Clock;
  #handlers: SliceHandlers;
  #condition: SlicesCondition = new SlicesCondition();
  #membership: Membership | undefined;
  #loop: AbortController | undefined;
  #lastLoop: Promise<void> = Promise.resolve();

  /**
   * @param options What to handle.
   * @param clock The time that its pauses are measured in.
   * @throws {StoreError} `INVALID_INPUT` or `NOT_SUPPORTED`, naming the option.
   */
  constructor(options: EventHandlerOptions, clock: Clock = systemClock) {
    this.#shards = checkShards(options);
    this.#options = options;
    this.#clock = clock;
    this.name = nameOf(options.bookmark);
    this.#handlers = new SliceHandlers({
      ...{ options, name: this.name, shards: this.#shards, clock },
      turn: () => this.#loop,
      changed: (slice, change) => this.#condition.changed(slice, change),
    });
  }

  get #slices(): EventHandler[] {
    return this.#handlers.all;
  }

  /** Registers a callback; the last one of a stream and type counts. */
  subscribe(
    stream: string,
    type: string,
    callback: EventCallback<any, any>,
  ): void {
    for (const one of this.#slices) one.subscribe(stream, type, callback);
  }

  /** Registers a callback for several events at once. */
  subscribeBatch(
    callback: BatchCallback<any, any>,
    options: BatchOptions = {},
  ): void {
    for (const one of this.#slices) one.subscribeBatch(callback, options);
  }

  start = (): void => {
    if (this.#loop) return;
    const loop = this.#loop = new AbortController();
    this.#lastLoop = this.#lastLoop.then(() => this.#run(loop.signal));
  };

  stop = async (): Promise<void> => {
    this.#loop?.abort();
    // From now on the others know that this process takes no more of it.
    this.#loop = undefined;
    const stopping = Promise.all([this.#stopSlices(), this.#lastLoop]);
    // Waiting here for the callback that this call stands in would be for ever.
    if (this.#inside()) return;
    await stopping;
  };

  [Symbol.asyncDispose] = (): Promise<void> => this.stop();

  runOnce = async (): Promise<number> => {
    const inside = this.#inside();
    if (inside) return await inside.runOnce();
    const provider = await this.#options.provider;
    checkShardsOf(provider);
    await startInSlices(this.#startOf(provider));
    this.#handlers.logOf(provider).expectMore();
    const runs = await Promise.allSettled(
      this.#slices.map((one) => one.runOnce()),
    );
    let count = 0;
    for (const run of runs) {
      if (run.status === "rejected") throw run.reason;
      count += run.value;
    }
    return count;
  };

  run = async (): Promise<void> => {
    this.#handlers.expectMore();
    await Promise.all(this.#slices.map((one) => one.run()));
  };

  reset = (): void => {
    for (const one of this.#slices) one.reset();
  };

  getPosition = async (): Promise<any> => {
    const provider = await this.#options.provider;
    const places = await this.#places(provider, (one) => one.getPosition());
    const { streams } = this.#options;
    const now = this.#clock.now();
    return (await readSlicesLag(provider, streams, places, now)).position;
  };

  setPosition = async (): Promise<void> => {
    await Promise.all(this.#slices.map((one) => one.setPosition()));
  };

  handled = (
    stream: string,
    aggregateId: string,
    version: number,
    options: HandledOptions = {},
  ): Promise<void> =>
    this.#sliceFor(stream, aggregateId)
      .handled(stream, aggregateId, version, options);

  parked = (): Promise<ParkedAggregate[]> => this.#slices[0]!.parked();

  replay = async (target: ParkedTarget): Promise<number> => {
    const { streams } = this.#options;
    const { stream = streams[0]!, aggregateId } = target;
    const slice = this.#inside() ?? this.#sliceFor(stream, aggregateId);
    return await slice.replay(target);
  };

  discard = (target: ParkedTarget & { version: number }): Promise<number> =>
    this.#slices[0]!.discard(target);

  observe = (observer: (change: HandlerChange) => void): () => void =>
    this.#condition.observe(observer);

  status = async (): Promise<HandlerStatus> => {
    const provider = await this.#options.provider;
    const { streams } = this.#options;
    const places = await this.#places(provider, (one) => one.place());
    const slices = this.#slices.map((one, slice) => ({
      ...one.now(),
      position: places[slice],
    }));
    return await readSlicesStatus(provider, {
      ...{ name: this.name, streams, shards: this.#shards, slices },
      state: this.#condition.stateOf(slices.map(({ state }) => state)),
      lastError: this.#condition.failure,
      parked: await this.parked(),
      now: this.#clock.now(),
    });
  };

  async #run(stop: AbortSignal): Promise<void> {
    const provider = await givenProvider(this.#options, this.name);
    if (provider && await this.#begin(provider, stop)) {
      this.#condition.become(undefined);
      const records = provider.records!;
      this.#membership = membershipOf(provider, records, this.#clock);
      for (const one of this.#slices) one.start();
      const { poll = POLL_MS } = this.#options;
      await this.#handlers.logOf(provider).run(stop, poll, (slice) => {
        // Who has lost the slice learns it at the next event.
        this.#slices[slice]!.setPosition().catch(() => {});
      });
      await this.#stopSlices();
    }
    if (this.#loop?.signal === stop) this.#loop = undefined;
  }

  /** Whether the slices can be worked on; tries until they can, or it stops. */
  async #begin(provider: Provider<any>, stop: AbortSignal): Promise<boolean> {
    const report = (error: unknown) => {
      this.#condition.failed(error, this.#clock.now());
      reportFailure(provider, error, this.#options.streams, this.name);
    };
    const { minMs, maxMs } = failurePolicyOf(this.#options);
    let pause = minMs;
    while (!stop.aborted) {
      try {
        checkShardsOf(provider);
        await startInSlicesAlone(this.#startOf(provider), {
          ...{ clock: this.#clock, stop, report },
          waits: () => this.#condition.become("standby"),
        });
        this.#condition.begun();
        if (!stop.aborted) return true;
      } catch (error) {
        report(error);
        if (isRetirement(error)) {
          this.#condition.become("retired");
          return false;
        }
        this.#condition.become("retrying");
        await this.#clock.sleep(pause, stop);
        pause = Math.min(pause * 2, maxMs);
      }
    }
    this.#condition.become(undefined);
    return false;
  }

  #places(
    provider: Provider<any>,
    placeOf: (slice: EventHandler) => Promise<any>,
  ): Promise<any[]> {
    return placesOfSlices(
      this.#startOf(provider),
      () => Promise.all(this.#slices.map(placeOf)),
    );
  }

  #startOf(provider: Provider<any>): SlicesStartContext {
    const { streams, tailStream = false } = this.#options;
    return { provider, handler: this.name, streams, tailStream };
  }

  /** The others take what this process has as soon as it is given back. */
  async #stopSlices(): Promise<void> {
    this.#membership?.lookSoon();
    await Promise.all(this.#slices.map((one) => one.stop()));
  }

  /** The slice whose callback calls, if one does. */
  #inside(): EventHandler | undefined {
    return this.#slices.find((one) => one.isInCallback());
  }

  /** Those that lack a stream or id are refused by any slice. */
  #sliceFor(stream: string, aggregateId: string): EventHandler {
    return this.#slices[sliceOf({ stream, aggregateId })]!;
  }
}
