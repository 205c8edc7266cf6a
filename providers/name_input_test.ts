import assert from "node:assert/strict";
import { test } from "node:test";
import { checkText, checkTextWithoutNul, toStreams } from "./name_input.ts";

const refused = (field: string) => ({ code: "INVALID_INPUT", field });

test("a name is text that can be stored as it is", () => {
  for (const name of ["", "a b", "é", "😀", "a\0b"]) checkText("stream", name);
  for (const name of ["\ud83d", 7, null, undefined, ["a"]]) {
    assert.throws(() => checkText("stream", name), refused("stream"));
  }
});

test("where no text can hold NUL, no name has one", () => {
  for (const name of ["", "a b", "😀"]) checkTextWithoutNul("bookmark", name);
  for (const name of ["a\0b", "\ud83d", 7]) {
    assert.throws(
      () => checkTextWithoutNul("bookmark", name),
      refused("bookmark"),
    );
  }
});

test("streams are asked for once each, and each is checked", () => {
  assert.deepEqual(toStreams("a"), ["a"]);
  assert.deepEqual(toStreams(["b", "a", "b"]), ["b", "a"]);
  assert.deepEqual(toStreams([]), []);
  assert.throws(() => toStreams(["a", "\ud83d"]), refused("stream"));
  assert.deepEqual(toStreams("a\0b"), ["a\0b"]);
  assert.throws(
    () => toStreams(["a\0b"], checkTextWithoutNul),
    refused("stream"),
  );
});
