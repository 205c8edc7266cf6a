import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { type Line, readLines } from "../../examples/bank/lines.ts";

test("lines are the same however the bytes arrive", async () => {
  const bytes = Buffer.from('{"a":"é€😀"}\r\n\nlast\u2028still last');
  const expected = [
    { number: 1, text: '{"a":"é€😀"}\r' },
    { number: 2, text: "" },
    { number: 3, text: "last\u2028still last" },
  ];
  for (let size = 1; size <= bytes.length; size++) {
    const chunks: Uint8Array[] = [];
    for (let start = 0; start < bytes.length; start += size) {
      chunks.push(bytes.subarray(start, start + size));
    }
    assert.deepEqual(await read(...chunks), expected, `chunks of ${size}`);
  }
});

test("nothing has no lines, and a byte order mark is no text", async () => {
  assert.deepEqual(await read(), []);
  assert.deepEqual(await read(Buffer.from("\ufeffa\n")), [
    { number: 1, text: "a" },
  ]);
});

test("bytes that are no text are a problem of their line only", async () => {
  const lines = await read(Buffer.from([0xff, 10, 0x61, 10]));
  assert.deepEqual(lines, [
    { number: 1, problem: "not valid UTF-8" },
    { number: 2, text: "a" },
  ]);
});

test("a line that is too long is a problem of that line only", async () => {
  const piece = Buffer.alloc(50_000, "x");
  const lines = await read(piece, piece, Buffer.from("\na\n"));
  assert.deepEqual(lines, [
    { number: 1, problem: "longer than 65536 bytes" },
    { number: 2, text: "a" },
  ]);
});

async function read(...chunks: Uint8Array[]): Promise<Line[]> {
  async function* stream() {
    yield* chunks;
  }
  return await Array.fromAsync(readLines(stream()));
}
