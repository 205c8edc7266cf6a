import assert from "node:assert/strict";
import { test } from "node:test";
import { IncompleteAnswer } from "./nats_errors.ts";
import type { Batch, Stored } from "./nats_jetstream.ts";
import { readKeys } from "./nats_keys.ts";
import { type NatsLog, Patience } from "./nats_log.ts";

const stored = (key: string, sequence: number): Stored => ({
  subject: `$KV.e.${key}`,
  sequence,
  text: "{}",
  isRemoval: false,
});

const batch = (messages: Stored[], upTo: number, hasMore = false): Batch => ({
  messages,
  upTo,
  hasMore,
});

/** A bucket whose servers give these answers, one after another. */
function bucketOf(
  answers: (Batch | undefined)[],
  { newest, subjects = [], timeoutMs = 1000 }: {
    /** What the leader has as the newest; unless given there is one server. */
    newest?: number;
    subjects?: string[];
    timeoutMs?: number;
  } = {},
) {
  const asked: { subjects: string[]; from: number }[] = [];
  const log = {
    isReplicated: newest !== undefined,
    names: { bucket: "KV_e", keys: "$KV.e." },
    patience: () => new Patience(timeoutMs),
    read: (work: (ms: number) => Promise<unknown>) => work(1),
    jetStream: {
      last: () => Promise.resolve(stored("a.x", newest!)),
      ask: () =>
        Promise.resolve({
          state: { subjects: Object.fromEntries(subjects.map((s) => [s, 1])) },
          total: subjects.length,
        }),
      lastOfEach(_: string, subjects: string[], from: number) {
        asked.push({ subjects, from });
        // The last one is given for ever.
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        return Promise.resolve(answer);
      },
    },
  } as unknown as NatsLog;
  return { log, asked };
}

const namesOf = (found: Stored[]) =>
  found.map(({ subject, sequence }) => `${subject.slice(6)}@${sequence}`);

test("keys are asked for until there are no more", async () => {
  const { log, asked } = bucketOf([
    batch([stored("a.x", 3), stored("a.y", 5)], 9, true),
    batch([stored("a.z", 7)], 9),
  ]);
  assert.deepEqual(
    namesOf(await readKeys(log, "a.*")),
    ["a.x@3", "a.y@5", "a.z@7"],
  );
  assert.deepEqual(asked, [
    { subjects: ["$KV.e.a.*"], from: 1 },
    { subjects: ["$KV.e.a.*"], from: 6 },
  ]);
});

test("one that changed meanwhile counts once, as it is now", async () => {
  const { log } = bucketOf([
    batch([stored("a.x", 3)], 9, true),
    batch([stored("a.x", 10), stored("a.y", 11)], 11),
  ]);
  assert.deepEqual(
    namesOf(await readKeys(log, "a.*")),
    ["a.x@10", "a.y@11"],
  );
});

test("a server that is behind the leader is asked again", async () => {
  const { log, asked } = bucketOf([
    batch([stored("a.x", 3)], 3),
    batch([], 0),
    batch([stored("a.x", 8)], 8),
  ], { newest: 8 });
  assert.deepEqual(namesOf(await readKeys(log, "a.*")), ["a.x@8"]);
  assert.equal(asked.length, 3);
});

test("servers that stay behind are an incomplete answer, not an old one", async () => {
  const { log } = bucketOf([batch([stored("a.x", 3)], 3)], {
    newest: 8,
    timeoutMs: 30,
  });
  await assert.rejects(readKeys(log, "a.*"), IncompleteAnswer);
});

test("more keys than a server gives at once are asked for by name", async () => {
  const subjects = Array.from({ length: 251 }, (_, at) => `$KV.e.a.${at}`);
  const { log, asked } = bucketOf([
    undefined,
    batch([stored("a.0", 1)], 9),
    batch([stored("a.250", 2)], 9),
  ], { subjects });
  assert.deepEqual(
    namesOf(await readKeys(log, "a.*")),
    ["a.0@1", "a.250@2"],
  );
  assert.deepEqual(
    asked.slice(1).map(({ subjects }) => subjects),
    [subjects.slice(0, 250), subjects.slice(250)],
  );
});
