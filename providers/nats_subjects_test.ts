import assert from "node:assert/strict";
import { test } from "node:test";
import type { NatsLog } from "./nats_log.ts";
import { readSubjects } from "./nats_subjects.ts";

/** A leader that sends so many at once; between two answers something happens. */
function leader(subjects: string[], atOnce: number, meanwhile = () => {}) {
  const asked: unknown[] = [];
  const ask = (request: string, body: { offset: number }) => {
    asked.push([request, body]);
    const { offset } = body;
    const some = subjects.toSorted().slice(offset, offset + atOnce);
    const state = some.length === 0
      ? {}
      : { subjects: Object.fromEntries(some.map((name) => [name, 1])) };
    const answer = { state, total: subjects.length };
    meanwhile();
    return Promise.resolve(answer);
  };
  const log = {
    jetStream: { ask },
    read: (work: (ms: number) => Promise<unknown>) => work(1),
  } as unknown as NatsLog;
  return { log, asked };
}

test("subjects are asked for until all are there", async () => {
  const { log, asked } = leader(["e.b", "e.a", "e.d", "e.c", "e.e"], 2);
  assert.deepEqual(
    await readSubjects(log, "e", "e.>"),
    ["e.a", "e.b", "e.c", "e.d", "e.e"],
  );
  assert.deepEqual(
    asked,
    [0, 2, 4].map((offset) => [
      "STREAM.INFO.e",
      { subjects_filter: "e.>", offset },
    ]),
  );
});

test("a subject that is new meanwhile hides none", async () => {
  const subjects = ["e.b", "e.c", "e.d", "e.e"];
  let isFirst = true;
  const { log } = leader(subjects, 2, () => {
    if (isFirst) subjects.push("e.a");
    isFirst = false;
  });
  const found = new Set(await readSubjects(log, "e", "e.>"));
  for (const name of ["e.b", "e.c", "e.d", "e.e"]) assert.ok(found.has(name));
});

test("of none there are none, and what is gone meanwhile is not waited for", async () => {
  assert.deepEqual(await readSubjects(leader([], 2).log, "e", "e.>"), []);
  const subjects = ["e.a", "e.b", "e.c"];
  const { log } = leader(subjects, 2, () => subjects.splice(2));
  assert.deepEqual(await readSubjects(log, "e", "e.>"), ["e.a", "e.b"]);
});
