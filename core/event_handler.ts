import { CatchUp } from "./catch_up.ts";
import { type Clock, systemClock } from "./clock.ts";
import { EventFailure, reportFailure, throwReason } from "./event_failure.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { checkCallback, checkHandler } from "./handler_check.ts";
import { HandledEvents } from "./handled.ts";
import { HandlerCallbacks } from "./handler_callbacks.ts";
import type {
  BatchCallback,
  BatchOptions,
  EventCallback,
  HandledOptions,
  HandlerControls,
  ParkedTarget,
} from "./handler_options.ts";
import { HandlerLoop } from "./handler_loop.ts";
import { HandlerParking } from "./handler_parking.ts";
import { type HandlerChange, HandlerCondition } from "./handler_condition.ts";
import type {
  HandlerState,
  HandlerStatus,
  StatusParts,
} from "./handler_status.ts";
import { handlerNameOf } from "./handler_slice.ts";
import { HandlerTurns } from "./handler_turns.ts";
import { HandlerView } from "./handler_view.ts";
import type { ParkedAggregate } from "./parked_events.ts";
import { RebuildProgress } from "./rebuild_progress.ts";
import { withOwnBookmark } from "./version_names.ts";

/**
 * What every handler is: its callbacks, its loop, and what is asked of it. One
 * pass runs at a time, whether the loop or `runOnce` asked for it, or a replay of
 * what is parked.
 */
export class EventHandler implements HandlerControls {
  /** The name of its bookmark. */
  readonly name: string;
  #options: EventHandlerOptions;
  #clock: Clock;
  #callbacks: HandlerCallbacks;
  #catchUp: CatchUp;
  #parking: HandlerParking;
  #turns: HandlerTurns;
  #loop: HandlerLoop;
  #condition: HandlerCondition = new HandlerCondition();
  #handled: HandledEvents = new HandledEvents();
  #progress: RebuildProgress;
  #view: HandlerView;

  /**
   * @param options What to handle.
   * @param clock The time that its pauses are measured in.
   * @throws {StoreError} `INVALID_INPUT` or `NOT_SUPPORTED`, naming the option.
   */
  constructor(options: EventHandlerOptions, clock: Clock = systemClock) {
    checkHandler(options);
    const { bookmark, slice, version = 1 } = options;
    const numbered = { name: handlerNameOf({ bookmark, slice }), version };
    this.#progress = new RebuildProgress(clock);
    options = withOwnBookmark(options);
    this.name = handlerNameOf(options);
    this.#options = options;
    this.#clock = clock;
    const callbacks = this.#callbacks = new HandlerCallbacks(
      this.name,
      options,
    );
    this.#turns = new HandlerTurns(this.name, clock);
    this.#parking = new HandlerParking(options, clock);
    this.#catchUp = new CatchUp(options, clock, {
      numbered,
      callback: (event) => callbacks.of(event),
      batch: () => callbacks.batch,
      passed: (event) => {
        this.#handled.passed(event);
        this.#condition.passed(event);
      },
      report: (error) => this.#report(error),
      pause: (ms) => this.#turns.pause(ms),
      parking: this.#parking,
      progress: this.#progress,
    });
    this.#loop = new HandlerLoop(this.name, options, clock, {
      catchUp: this.#catchUp,
      turns: this.#turns,
      condition: this.#condition,
      report: (error) => this.#report(error),
    });
    this.#view = new HandlerView({
      ...{ options, bookmark: this.name, numbered, clock },
      parking: this.#parking,
      progress: this.#progress,
      handled: this.#handled,
      place: () => this.place(),
      now: () => this.now(),
    });
  }

  /**
   * Registers a callback; the last one of a stream and type counts.
   *
   * @throws {StoreError} `INVALID_INPUT` for one that would never be called.
   */
  subscribe(
    stream: string,
    type: string,
    callback: EventCallback<any, any>,
  ): void {
    const { streams } = this.#options;
    checkCallback(this.name, streams, stream, type, callback);
    this.#callbacks.add(stream, type, callback);
  }

  /** Registers a callback for several events at once. */
  subscribeBatch(
    callback: BatchCallback<any, any>,
    options: BatchOptions = {},
  ): void {
    this.#callbacks.setBatch(callback, options);
  }

  start = (): void => this.#loop.start();

  stop = async (): Promise<void> => {
    this.#loop.stop();
    this.#turns.end();
    // Waiting here for the callback that this call stands in would be for ever.
    if (this.#turns.isInside()) return;
    await this.#loop.ended();
    await this.#turns.ended();
  };

  [Symbol.asyncDispose] = (): Promise<void> => this.stop();

  runOnce = async (): Promise<number> => {
    this.#turns.refuseInside("run");
    return await this.#loop.onePass().catch(throwReason);
  };

  run = async (): Promise<void> => {
    if (!this.#loop.mayWork()) return;
    await this.#loop.onePass().catch((error) => this.#report(error));
  };

  reset = (): void => this.#catchUp.forget("reset");

  getPosition = (): Promise<any> =>
    this.#turns.signal
      ? this.#catchUp.beginning()
      : this.#catchUp.beginningAnew();

  setPosition = (): Promise<void> => this.#catchUp.store();

  handled = (
    stream: string,
    aggregateId: string,
    version: number,
    options: HandledOptions = {},
  ): Promise<void> => this.#view.handled(stream, aggregateId, version, options);

  parked = (): Promise<ParkedAggregate[]> => this.#parking.list();

  replay = async (target: ParkedTarget): Promise<number> => {
    this.#turns.refuseInside("replay what is parked of");
    return await this.#turns.takeSoon((signal) =>
      this.#catchUp.replay(target, () => signal.aborted)
    ).catch(throwReason);
  };

  discard = (target: ParkedTarget & { version: number }): Promise<number> =>
    this.#parking.discard(target);

  observe = (observer: (change: HandlerChange) => void): () => void =>
    this.#condition.observe(observer);

  status = (): Promise<HandlerStatus> => this.#view.status();

  /** What it is doing, without asking the store. */
  now(): Pick<StatusParts, "state" | "lastError" | "owner"> {
    return {
      state: this.#currentState(),
      lastError: this.#condition.failure,
      owner: this.#loop.owner,
    };
  }

  /** Whether this call comes from one of its callbacks. */
  isInCallback(): boolean {
    return this.#turns.isInside();
  }

  #currentState(): HandlerState {
    const { state } = this.#condition;
    if (state !== "working") return state;
    if (this.#turns.isPausing) return "retrying";
    return this.#progress.isRebuilding ? "rebuilding" : "working";
  }

  /** Where the handler stands: in this process, if it works here. */
  place(): Promise<any> {
    return this.#catchUp.place(this.#loop.isHere());
  }

  async #report(error: unknown): Promise<void> {
    const failure = error instanceof EventFailure ? error : undefined;
    if (failure?.told) return;
    if (failure) failure.told = true;
    this.#condition.failed(error, failure, this.#clock.now());
    const { provider, streams } = this.#options;
    reportFailure(await provider, error, streams, this.name);
  }
}
