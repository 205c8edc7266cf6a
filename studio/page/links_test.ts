import assert from "node:assert/strict";
import { test } from "node:test";
import { links, parseRoute } from "./links.ts";

const hostile = [
  "a/b",
  "../..",
  "?at=1#x",
  "100%",
  '<script>alert("1")</script>',
  "\u202eleft",
  "javascript:alert(1)",
  "ü 😀",
];

test("an address gives back what it was made of, whatever an id has", () => {
  for (const id of hostile) {
    const aggregate = parseRoute(links.aggregate(id, id, 3));
    assert.deepEqual(aggregate?.parts, [id, id]);
    assert.equal(aggregate?.view, "aggregate");
    assert.equal(aggregate?.query.get("at"), "3");
    const causation = parseRoute(links.causation(id, id, 7));
    assert.deepEqual(causation?.parts, [id, id, "7"]);
    assert.equal(parseRoute(links.search(id))?.query.get("text"), id);
    const events = parseRoute(links.events({ stream: id, type: undefined }));
    assert.deepEqual([...events!.query], [["stream", id]]);
  }
});

test("every address is one of this page", () => {
  for (const id of hostile) {
    for (
      const link of [
        links.aggregate(id, id),
        links.causation(id, id, 1),
        links.correlation(id),
        links.parked(id),
        links.events({ text: id }),
      ]
    ) assert.match(link, /^#\/[a-z]+[\w/?%=+.~!*'()-]*$/);
  }
});

test("half a character does not break an address", () => {
  assert.deepEqual(parseRoute(links.aggregate("s", "\ud800x"))?.parts, [
    "s",
    "\ufffdx",
  ]);
});

test("no address, or one that is broken", () => {
  assert.equal(parseRoute("")?.view, "");
  assert.equal(parseRoute("#/")?.view, "");
  assert.equal(parseRoute("#/aggregate/%zz/1"), undefined);
});
