import { setImmediate } from "node:timers";
import type { Clock } from "./clock.ts";

type Sleeper = { until: number; wake: () => void };

/** A clock for tests: time passes only when a test says so. */
export class FakeClock implements Clock {
  #now = 0;
  #sleepers: Set<Sleeper> = new Set();

  monotonic(): number {
    return this.#now;
  }

  now(): number {
    return this.#now;
  }

  random(): number {
    return 0.5;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const sleeper: Sleeper = {
        until: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", sleeper.wake, { once: true });
    });
  }

  /** How long everybody who sleeps will still sleep, shortest first. */
  pauses(): number[] {
    return [...this.#sleepers]
      .map(({ until }) => until - this.#now)
      .sort((left, right) => left - right);
  }

  /** Lets time pass without waking anybody: the callers are busy. */
  pass(ms: number): void {
    this.#now += ms;
  }

  /** Lets time pass, and whoever wakes do what it has to do. */
  async advance(ms: number): Promise<void> {
    this.#now += ms;
    for (const sleeper of this.#sleepers) {
      if (sleeper.until <= this.#now) sleeper.wake();
    }
    await this.settle();
  }

  /** Lets everything run that waits for nothing but its turn. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
