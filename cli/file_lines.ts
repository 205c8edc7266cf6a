import { createReadStream } from "node:fs";

/** A line of a file, and where the next one begins. */
export type Line = { text: string; end: number; isWhole: boolean };

/**
 * The lines of a file of UTF-8, with the places of their ends in bytes. Only
 * what ends with a line feed is whole. Not `readline`: that also ends a line at
 * characters which a JSON text may contain.
 */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let rest: Uint8Array = new Uint8Array();
  let end = 0;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  for await (
    const chunk of createReadStream(path, { highWaterMark: 1 << 18 })
  ) {
    const bytes = rest.length === 0 ? chunk as Uint8Array : join(rest, chunk);
    let start = 0;
    for (;;) {
      const feed = bytes.indexOf(10, start);
      if (feed === -1) break;
      end += feed + 1 - start;
      const text = decoder.decode(bytes.subarray(start, feed));
      yield { text, end, isWhole: true };
      start = feed + 1;
    }
    rest = bytes.slice(start);
  }
  if (rest.length > 0) {
    const text = new TextDecoder().decode(rest);
    yield { text, end: end + rest.length, isWhole: false };
  }
}

function join(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}
