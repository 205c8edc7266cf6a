import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreError } from "evtstore";
import { hostileTexts, lookalikes } from "../testing/hostile.ts";
import { fromToken, toNames, toToken } from "./nats_names.ts";

const names = [
  ...hostileTexts,
  ...lookalikes.flat(),
  "a.b",
  "a>b",
  "*",
  ">",
  "=41",
  "A",
  "/QQ",
  "",
  "é".repeat(256),
  ".".repeat(512),
].filter((name) =>
  name.isWellFormed() && new TextEncoder().encode(name).length <= 512
);

test("a name becomes one token, of characters that a key may have", () => {
  for (const name of names) {
    assert.match(toToken(name), /^[-/_=a-zA-Z0-9]+$/, name);
    assert(toToken(name).length <= 690, name);
    assert.equal(fromToken(toToken(name)), name);
  }
});

test("two names are two tokens", () => {
  const distinct = new Set(names);
  assert.equal(new Set([...distinct].map(toToken)).size, distinct.size);
});

test("a plain name is its own token, and another one can be read", () => {
  assert.equal(toToken("accounts_1-a"), "accounts_1-a");
  assert.equal(toToken("ada@bank.org"), "ada=40bank=2Eorg");
});

test("a log has the name of a stream, or none", () => {
  for (const name of ["", "a.b", "a b", "*", "x".repeat(101), 1 as any]) {
    assert.throws(
      () => toNames(name),
      (error) => error instanceof StoreError && error.field === "name",
      String(name),
    );
  }
  assert.equal(toNames().commits, "evtstore.");
});
