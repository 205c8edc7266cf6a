import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  findTime,
  type LogPart,
  PAGE_SIZE,
  readBackward,
  readForward,
} from "./log_windows.ts";

/** A log with events at these positions, whose reads are counted. */
function logOf(positions: number[], most = Infinity) {
  let reads = 0;
  const events = positions.map((position) => ({
    stream: "a",
    aggregateId: "1",
    position,
    version: 1,
    timestamp: new Date(position * 1000),
    event: { type: "A" },
  }));
  const part: LogPart = {
    provider: createProvider(),
    start: 0,
    read: async (after, limit) => {
      reads++;
      const first = events.findIndex(({ position }) => position > after);
      if (first < 0) return [];
      return events.slice(first, first + Math.min(limit, most));
    },
  };
  return { part, reads: () => reads };
}

async function positionsOf(
  pages: AsyncGenerator<{ position: any }[]>,
  enough = Infinity,
): Promise<number[]> {
  const found: number[] = [];
  for await (const page of pages) {
    assert(page.length > 0);
    found.push(...page.map(({ position }) => position));
    if (found.length >= enough) break;
  }
  return found;
}

const dense = Array.from({ length: 12_345 }, (_, index) => index + 1);

for (
  const [name, positions, most] of [
    ["dense", dense, Infinity],
    ["dense, of a provider with a limit of its own", dense, 170],
    ["of every thousandth position", dense.map((one) => one * 1024), Infinity],
    ["with many, then few, then many", [
      ...dense,
      ...dense.slice(0, 50).map((one) => 20_000 + one * 100_000),
      ...dense.map((one) => 10_000_000 + one),
    ], Infinity],
    ["with a great hole before its end", [1, 2, 3, 2 ** 45], Infinity],
    ["of one event", [1], Infinity],
    ["of none", [], Infinity],
  ] as [string, number[], number][]
) {
  test(`a log is read backward as it is forward: ${name}`, async () => {
    const { part } = logOf(positions, most);
    const end = BigInt(positions.at(-1) ?? 0);
    assert.deepEqual(
      await positionsOf(readBackward(part, end + 1n)),
      positions.toReversed(),
    );
    assert.deepEqual(await positionsOf(readForward(part, 0)), positions);
    const middle = positions[Math.floor(positions.length / 2)];
    if (middle === undefined) return;
    assert.deepEqual(
      await positionsOf(readBackward(part, BigInt(middle))),
      positions.filter((one) => one < middle).toReversed(),
    );
  });
}

test("the newest events cost as many reads in a long log as in a short one", async () => {
  for (const length of [2_000, 200_000]) {
    const all = Array.from({ length }, (_, index) => index + 1);
    const { part, reads } = logOf(all);
    const pages = readBackward(part, BigInt(length) + 1n);
    const found = await positionsOf(pages, PAGE_SIZE);
    assert.deepEqual(found, all.slice(-PAGE_SIZE).toReversed());
    assert.equal(reads(), 1);
  }
});

test("the few events at the start of a long log are found in few reads", async () => {
  const { part, reads } = logOf([1, 2, 3]);
  const found = await positionsOf(readBackward(part, 1_000_000_001n));
  assert.deepEqual(found, [3, 2, 1]);
  assert(reads() < 15, `${reads()} reads`);
});

test("a dense part behind a great hole is read page by page, when it is found", async () => {
  const dense = Array.from({ length: 200_000 }, (_, index) => index + 1);
  const { part, reads } = logOf([...dense, 2 ** 40]);
  const first = await positionsOf(
    readBackward(part, 2n ** 40n + 1n),
    PAGE_SIZE,
  );
  assert.deepEqual(first.slice(0, 3), [2 ** 40, 200_000, 199_999]);
  assert(reads() < 100, `${reads()} reads for the first ones`);
  const all = await positionsOf(readBackward(part, 2n ** 40n + 1n));
  assert.equal(all.length, 200_001);
  assert(reads() < 100 + 100 + 400, `${reads()} reads for all`);
});

test("a time is found by bisection", async () => {
  const positions = dense.map((one) => one * 7);
  const { part, reads } = logOf(positions);
  const end = BigInt(positions.at(-1)!);
  for (const time of [0, 1, 7, 8, 35_000, 35_001, 86_415, 1e9]) {
    const behind = await findTime(part, end, time * 1000);
    const before = positions.filter((one) => one < time);
    const [next] = await part.read(Number(behind), 1);
    assert.equal(next?.position, positions[before.length]);
  }
  assert(reads() < 8 * 25, `${reads()} reads`);
});
