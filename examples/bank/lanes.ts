/**
 * Runs work at the same time where its keys differ, and in the order it was
 * added where they are the same. The outcome is that of running all of it one
 * by one, in that order, however long each takes.
 */
export class Lanes {
  #limit: number;
  #last: Map<string, Promise<void>> = new Map();
  #running: Set<Promise<void>> = new Set();
  #failure: { error: unknown } | undefined;

  /** @param limit The most work that runs or waits for its keys. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Adds work, and waits while there is too much of it.
   *
   * @throws What earlier work threw. Nothing begins after that: it would run
   * as if the failed work had never been asked for.
   */
  async add(keys: string[], work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#limit) {
      await Promise.race(this.#running);
    }
    this.#throwFailure();
    const before = keys.map((key) => this.#last.get(key));
    const done = Promise.all(before).then(async () => {
      if (this.#failure) return;
      try {
        await work();
      } catch (error) {
        this.#failure ??= { error };
      }
    }).then(() => {
      this.#running.delete(done);
      for (const key of keys) {
        if (this.#last.get(key) === done) this.#last.delete(key);
      }
    });
    this.#running.add(done);
    for (const key of keys) this.#last.set(key, done);
  }

  /**
   * Waits for all work that was added.
   *
   * @throws What any of it threw first.
   */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
