import type { Clock } from "./clock.ts";

/** Does work one by one, behind whoever asks for it. */
export class BackgroundQueue {
  #capacity: number;
  #clock: Clock;
  #waiting: Map<string, () => Promise<void>> = new Map();
  #running: Promise<void> | undefined;

  /** @param capacity How much may wait; what is beyond that is not done. */
  constructor(capacity: number, clock: Clock) {
    this.#capacity = capacity;
    this.#clock = clock;
  }

  /**
   * Adds work, in the place of what waits by the same key.
   *
   * @param work It must not throw.
   * @returns Whether there was room.
   */
  add(key: string, work: () => Promise<void>): boolean {
    const isFull = this.#waiting.size >= this.#capacity;
    if (isFull && !this.#waiting.has(key)) return false;
    this.#waiting.set(key, work);
    this.#running ??= this.#run();
    return true;
  }

  /** Resolves when nothing is left to do. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // Some drivers work at the call itself: whoever added it goes first.
    await this.#clock.sleep(0);
    for (const [key, work] of this.#waiting) {
      this.#waiting.delete(key);
      await work();
    }
    this.#running = undefined;
  }
}
