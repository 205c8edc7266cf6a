import { open } from "node:fs/promises";
import type { Readable } from "node:stream";

/** Where commands come from. */
export type Source = {
  /** Its bytes, read as they are asked for. */
  chunks: AsyncIterable<Uint8Array>;
  /** How many bytes were read. */
  bytesRead: number;
  /** How many there are, where that is known. */
  size: number | undefined;
};

/**
 * Opens a file of commands, or standard input if `path` is "-".
 *
 * @throws If it cannot be read.
 */
export async function openSource(
  path: string,
  stdin: Readable,
): Promise<Source> {
  if (path === "-") return count(stdin, undefined);
  const file = await open(path);
  const stat = await file.stat();
  if (stat.isDirectory()) {
    await file.close();
    throw new Error(`it is a directory: ${path}`);
  }
  return count(file.createReadStream(), stat.isFile() ? stat.size : undefined);
}

function count(stream: Readable, size: number | undefined): Source {
  async function* chunks() {
    for await (const chunk of stream) {
      source.bytesRead += chunk.length;
      yield chunk;
    }
  }
  const source: Source = { chunks: chunks(), bytesRead: 0, size };
  return source;
}
