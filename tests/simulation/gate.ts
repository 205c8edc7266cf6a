/** A way that can be closed for a while: who comes then waits until it opens. */
export class Gate {
  #closed = 0;
  #waiting: (() => void)[] = [];

  get closed(): boolean {
    return this.#closed > 0;
  }

  /** Goes through, now or once it opens. */
  pass(go: () => void): void {
    if (this.closed) this.#waiting.push(go);
    else go();
  }

  /** Each closing needs an opening of its own. */
  close(): void {
    this.#closed++;
  }

  open(): void {
    if (this.#closed === 0 || --this.#closed > 0) return;
    for (const go of this.#waiting.splice(0)) go();
  }
}
