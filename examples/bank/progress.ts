import type { Source } from "./source.ts";

/** Something that may be a terminal. */
export type Output = {
  /** Writes text. */
  write(text: string): unknown;
  /** Whether a person is watching. */
  isTTY?: boolean;
};

const CLEAR_LINE = "\r\x1b[K";
const INTERVAL_MS = 100;

/** One line that tells a person how far it is; nothing where nobody watches. */
export class Progress {
  #output: Output;
  #source: Source;
  #served = 0;
  #shownAt = -Infinity;

  /**
   * @param output Where to show it.
   * @param source Whose bytes are counted.
   */
  constructor(output: Output, source: Source) {
    this.#output = output;
    this.#source = source;
  }

  /** Another command is done. */
  served(): void {
    this.#served++;
    const now = performance.now();
    if (!this.#output.isTTY || now - this.#shownAt < INTERVAL_MS) return;
    this.#shownAt = now;
    const { bytesRead, size } = this.#source;
    const share = size ? `  ${Math.floor(100 * bytesRead / size)}% read` : "";
    this.#output.write(
      `${CLEAR_LINE}${this.#served.toLocaleString("en-US")} commands${share}`,
    );
  }

  /** Makes room for another line. */
  clear(): void {
    if (this.#output.isTTY) this.#output.write(CLEAR_LINE);
  }
}
