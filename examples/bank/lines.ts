import { Buffer } from "node:buffer";

/** A line of a file: its text, or why it has none. */
export type Line =
  & {
    /** Counted from 1. */
    number: number;
  }
  & ({ text: string } | { problem: string });

/** The most bytes of a line; a longer one is passed over, not held in memory. */
const MAX_LINE_BYTES = 64 * 1024;

const NEWLINE = 10;

/** The lines of a file, read as they are asked for. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Line> {
  let number = 0;
  let parts: Uint8Array[] = [];
  let size = 0;

  const add = (part: Uint8Array) => {
    size += part.length;
    if (size <= MAX_LINE_BYTES) parts.push(part);
    else parts = [];
  };
  const take = (): Line => {
    const line = toLine(++number, parts, size);
    parts = [];
    size = 0;
    return line;
  };

  for await (const chunk of chunks) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end < 0) break;
      add(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    if (start < chunk.length) add(chunk.subarray(start));
  }
  if (size > 0) yield take();
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function toLine(number: number, parts: Uint8Array[], size: number): Line {
  if (size > MAX_LINE_BYTES) {
    return { number, problem: `longer than ${MAX_LINE_BYTES} bytes` };
  }
  try {
    return { number, text: decoder.decode(Buffer.concat(parts)) };
  } catch {
    return { number, problem: "not valid UTF-8" };
  }
}
