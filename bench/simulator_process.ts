import type { Machine } from "../tests/simulation/machine.ts";
import type { Scheduler } from "../tests/simulation/scheduler.ts";

/**
 * What a process has only so much of: its one thread, and its connections to
 * whatever its callbacks wait for. Who comes while all are taken waits in line.
 */
export class Capacity {
  #scheduler: Scheduler;
  #machine: Machine;
  #free: number;
  #waiting: (() => void)[] = [];

  /** @param size How many can be used at once. */
  constructor(scheduler: Scheduler, machine: Machine, size: number) {
    this.#scheduler = scheduler;
    this.#machine = machine;
    this.#free = size;
  }

  /** Uses one for a time; resolves after it. */
  use(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const begin = () => {
        this.#free--;
        this.#scheduler.in(ms, "", () =>
          this.#machine.receive(() => {
            this.#free++;
            resolve();
            this.#waiting.shift()?.();
          }));
      };
      if (this.#free > 0) begin();
      else this.#waiting.push(begin);
    });
  }
}
