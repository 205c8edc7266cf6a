import type { CatchUp } from "./catch_up.ts";
import { type Clock, sleepUnless } from "./clock.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { failurePolicyOf } from "./failure_policy.ts";
import { givenProvider } from "./given_provider.ts";
import type { HandlerCondition } from "./handler_condition.ts";
import { askForLease } from "./handler_lease.ts";
import type { HandlerTurns } from "./handler_turns.ts";
import { isRetirement } from "./handler_version.ts";
import type { HandlerOwner, Lease } from "./lease.ts";

const POLL_MS = 1000;

/** What the loop runs, and whom it tells. */
export type HandlerLoopContext = {
  /** Handles what is new. */
  catchUp: CatchUp;
  /** Lets one pass run at a time. */
  turns: HandlerTurns;
  /** Told of what the handler does. */
  condition: HandlerCondition;
  /** Passes a failure on. */
  report(error: unknown): Promise<void>;
};

/**
 * The loop behind every handler: wait for the lease, handle what is new, wait
 * for more.
 */
export class HandlerLoop {
  #name: string;
  #options: EventHandlerOptions;
  #clock: Clock;
  #context: HandlerLoopContext;
  #loop: AbortController | undefined;
  #lastLoop: Promise<void> = Promise.resolve();
  #lease: Lease | undefined;
  #signals = 0;
  #idle: AbortController | undefined;

  /**
   * @param name What errors call the handler.
   * @param options Of the handler.
   * @param clock The time that its pauses are measured in.
   * @param context What it runs.
   */
  constructor(
    name: string,
    options: EventHandlerOptions,
    clock: Clock,
    context: HandlerLoopContext,
  ) {
    this.#name = name;
    this.#options = options;
    this.#clock = clock;
    this.#context = context;
  }

  /** Who works on the bookmark, as far as was seen. */
  get owner(): HandlerOwner | undefined {
    return this.#lease?.owner;
  }

  /** Begins, once the last one has ended. */
  start(): void {
    if (this.#loop) return;
    const stopping = this.#loop = new AbortController();
    this.#lastLoop = this.#lastLoop.then(() => this.#run(stopping.signal));
  }

  /** Begins no further pass. */
  stop(): void {
    this.#loop?.abort();
    this.#loop = undefined;
  }

  /** Resolves when the last one that was started has ended. */
  ended(): Promise<void> {
    return this.#lastLoop;
  }

  /** Whether the handler was started, and may work now. */
  mayWork(): boolean {
    return this.#loop !== undefined && (!this.#lease || this.#lease.held());
  }

  /** Whether this process does the handling. */
  isHere(): boolean {
    return this.#lease ? this.#lease.owned : this.#loop !== undefined;
  }

  /** Waits for its turn, then handles everything that is new. */
  onePass(stop?: AbortSignal, lease?: Lease): Promise<number> {
    return this.#context.turns.take(async (signal) => {
      if (stop?.aborted) return 0;
      const enough = () =>
        signal.aborted || (lease !== undefined && !lease.held());
      return await this.#context.catchUp.run(enough);
    }, stop !== undefined);
  }

  async #run(stop: AbortSignal): Promise<void> {
    const { catchUp, condition, report } = this.#context;
    const provider = await givenProvider(this.#options, this.#name);
    if (!provider) return condition.become("stopped");
    const unwatch = provider.watch?.(() => this.#wake());
    const lease = this.#lease = askForLease(this.#options, provider, {
      clock: this.#clock,
      changed: () => this.#wake(),
      report: (error) => void report(error),
    });
    catchUp.restart();
    let term = 0;
    let isNew = true;
    let isRetired = false;
    const { minMs, maxMs } = failurePolicyOf(this.#options);
    let pause = minMs;
    while (!stop.aborted) {
      if (lease && !lease.held()) {
        if (lease.wanted) {
          await catchUp.storeAtLast();
          await lease.giveWay();
        }
        condition.become("standby", lease.owner);
        await this.#wait(POLL_MS, stop);
        continue;
      }
      if (lease && lease.term !== term) {
        // What was read before may be from before another owned it.
        if (term > 0 || lease.waited) catchUp.forget("takeOver");
        else catchUp.restart();
        term = lease.term;
      }
      const signals = this.#signals;
      const before = catchUp.position;
      try {
        condition.become("working");
        const seen = await this.onePass(stop, lease);
        isNew = false;
        pause = minMs;
        condition.caughtUp();
        condition.become("idle");
        if (seen === 0 && signals === this.#signals) {
          await this.#wait(this.#options.poll ?? POLL_MS, stop);
        }
      } catch (error) {
        if (isRetirement(error)) {
          isRetired = true;
          // Who was at work when it happened has done nothing wrong.
          if (isNew) await report(error);
          break;
        }
        condition.become("retrying");
        if (catchUp.position !== before) pause = minMs;
        await report(error);
        await this.#clock.sleep(pause, stop);
        pause = Math.min(pause * 2, maxMs);
      }
    }
    unwatch?.();
    if (!isRetired) await catchUp.storeAtLast();
    await lease?.release();
    this.#lease = undefined;
    condition.become(isRetired ? "retired" : "stopped");
    if (this.#loop?.signal === stop) this.#loop = undefined;
  }

  #wake(): void {
    // Counted, so that one between reading a page and waiting is not lost.
    this.#signals++;
    this.#idle?.abort();
  }

  async #wait(ms: number, stop: AbortSignal): Promise<void> {
    this.#idle = new AbortController();
    await sleepUnless(this.#clock, ms, stop, this.#idle);
  }
}
