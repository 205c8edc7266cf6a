import { type AsyncContext, createAsyncContext } from "./async_context.ts";
import type { Clock } from "./clock.ts";
import { StoreError } from "./errors.ts";

type Turn = {
  readonly ending: AbortController;
  readonly givesWay: boolean;
};

/** One piece of a handler's work at a time: a pass over what is new, a replay. */
export class HandlerTurns {
  #bookmark: string;
  #clock: Clock;
  #pausing = 0;
  #last: Promise<unknown> = Promise.resolve();
  #turn: Turn | undefined;
  #inside: AsyncContext<Turn> = createAsyncContext();

  /** @param bookmark What errors call the handler. */
  constructor(bookmark: string, clock: Clock) {
    this.#bookmark = bookmark;
    this.#clock = clock;
  }

  /** Whether the work in hand waits before it tries something again. */
  get isPausing(): boolean {
    return this.#pausing > 0;
  }

  /** Aborts when the work in hand is to end; undefined if there is none. */
  get signal(): AbortSignal | undefined {
    return this.#turn?.ending.signal;
  }

  /**
   * Waits for its turn, then works.
   *
   * @param work Ends soon after its signal aborts.
   * @param givesWay Whether it may be ended for work that somebody waits for.
   */
  take<T>(
    work: (signal: AbortSignal) => Promise<T>,
    givesWay = false,
  ): Promise<T> {
    const taken = this.#last.then(async () => {
      const ending = new AbortController();
      const turn: Turn = { ending, givesWay };
      this.#turn = turn;
      try {
        return await this.#inside.run(turn, () => work(ending.signal));
      } finally {
        this.#turn = undefined;
      }
    });
    this.#last = taken.catch(() => {});
    return taken;
  }

  /** Takes the next turn, before work that would go on for long. */
  takeSoon<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#turn?.givesWay) this.#turn.ending.abort();
    return this.take(work);
  }

  /** Waits in the middle of the work in hand, or less long if that is to end. */
  async pause(ms: number): Promise<void> {
    this.#pausing++;
    await this.#clock.sleep(ms, this.signal);
    this.#pausing--;
  }

  /** Ends the work in hand after the event in hand. */
  end(): void {
    this.#turn?.ending.abort();
  }

  /** Waits until nobody has a turn, or waits for one. */
  async ended(): Promise<void> {
    await this.#last;
  }

  /** Whether this call comes from a callback of the work in hand. */
  isInside(): boolean {
    const turn = this.#inside.get();
    return turn !== undefined && turn === this.#turn;
  }

  /**
   * Refuses to wait for a turn inside of one.
   *
   * @throws {StoreError} `HANDLER_REENTERED`
   */
  refuseInside(what: string): void {
    if (!this.isInside()) return;
    throw new StoreError(
      "HANDLER_REENTERED",
      `Cannot ${what} handler "${this.#bookmark}" from one of its own callbacks: it would wait for itself`,
      { bookmark: this.#bookmark },
    );
  }
}
