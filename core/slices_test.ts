import assert from "node:assert/strict";
import { test } from "node:test";
import { hash } from "./hash.ts";
import {
  allSlices,
  shardOf,
  sliceBookmark,
  sliceOf,
  SLICES,
  toSlice,
} from "./slices.ts";

test("the hash of a text never changes: bookmarks are stored by it", () => {
  assert.deepEqual(
    ["", "a", "foobar", "accounts\0ada", "日本", "\u{1f600}", "\u00e9"].map(
      hash,
    ),
    // Computed by another implementation, in Python.
    [
      2872998923,
      444641715,
      202221276,
      1148817659,
      4026831135,
      855877642,
      2387039943,
    ],
  );
});

test("the slice of an aggregate never changes", () => {
  const slices = [
    ["accounts", "ada"],
    ["accounts", "grace"],
    ["orders", "4711"],
    ["orders", "00000000-0000-4000-8000-000000000000"],
    ["größe", "日本"],
  ].map(([stream, aggregateId]) =>
    sliceOf({ stream: stream!, aggregateId: aggregateId! })
  );
  assert.deepEqual(slices, [59, 32, 8, 9, 39]);
});

test("what belongs to the stream cannot be forged by an id", () => {
  const one = sliceOf({ stream: "ab", aggregateId: "c" });
  const other = sliceOf({ stream: "a", aggregateId: "bc" });
  assert.notEqual(one, other);
});

test("ids that are alike are spread over all slices", () => {
  const forms = [
    (index: number) => String(index),
    (index: number) => `order-${index}`,
    (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12)}`,
    (index: number) => String.fromCodePoint(0x4e00 + index),
  ];
  for (const form of forms) {
    const counts = allSlices.map(() => 0);
    for (let index = 0; index < 6400; index++) {
      counts[sliceOf({ stream: "s", aggregateId: form(index) })]!++;
    }
    // 100 each; by chance, 60 to 140 are four times the deviation.
    assert.ok(Math.min(...counts) > 60, String(counts));
    assert.ok(Math.max(...counts) < 140, String(counts));
  }
});

test("each number of shards has every slice once, and about as many each", () => {
  for (let shards = 1; shards <= SLICES; shards++) {
    const counts = Array.from({ length: shards }, () => 0);
    for (const slice of allSlices) counts[shardOf(slice, shards)]!++;
    const most = Math.max(...counts);
    assert.ok(most - Math.min(...counts) <= 1, `${shards}: ${counts}`);
  }
});

test("the bookmark of a slice says whose it is", () => {
  assert.equal(sliceBookmark("mails", 7), "mails@slice-07");
  assert.deepEqual(toSlice("mails@slice-07"), { handler: "mails", slice: 7 });
  for (const handler of ["two\nlines", "mails@slice-01"]) {
    assert.deepEqual(toSlice(sliceBookmark(handler, 7)), { handler, slice: 7 });
  }
  for (
    const other of [
      "mails",
      "mails@slice-7",
      "mails@slice-64",
      "mails@slice-07-old",
      "@slice-07",
    ]
  ) {
    assert.equal(toSlice(other), undefined);
  }
});
