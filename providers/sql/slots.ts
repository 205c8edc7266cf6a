/** Lets only so many run at once; the others wait in their order. */
export class Slots {
  #running = 0;
  #waiting: (() => void)[] = [];

  /** Runs `work` when fewer than `count`, and at least one, are running. */
  async run<T>(count: number, work: () => Promise<T>): Promise<T> {
    while (this.#running >= Math.max(1, count)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}
