import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "./fake_clock.ts";
import { ObservedMembers } from "./observed_members.ts";
import type { StoredRecord } from "./records.ts";

function setUp() {
  const clock = new FakeClock();
  const members = new ObservedMembers(clock);
  const revisions: Record<string, number> = {};
  /** Some show that they live, and all are looked at. */
  const look = (...living: string[]) => {
    for (const id of living) revisions[id] = (revisions[id] ?? 0) + 1;
    const records = Object.entries(revisions).map(
      ([id, revision]): [string, StoredRecord] => [id, {
        ...{ kind: "member", key: id, revision },
        value: { process: `host:${id}` },
      }],
    );
    members.observe(new Map(records), clock.monotonic());
  };
  const alive = () => members.alive(clock.monotonic());
  return { clock, members, revisions, look, alive };
}

test("who stands still for five seconds is dead", () => {
  const { clock, look, alive } = setUp();
  look("a", "b");
  for (let second = 1; second < 5; second++) {
    clock.pass(1_000);
    look("b");
    assert.deepEqual(alive(), ["a", "b"], `${second} s`);
  }
  clock.pass(1_000);
  look("b");
  assert.deepEqual(alive(), ["b"]);
  look("a");
  assert.deepEqual(alive(), ["a", "b"]);
});

test("after three seconds without a look nobody has stood still", () => {
  for (const [blind, expected] of [[3_000, []], [3_001, ["a"]]] as const) {
    const { clock, look, alive } = setUp();
    look("a");
    clock.pass(blind);
    look();
    clock.pass(2_500);
    look();
    assert.deepEqual(alive(), expected, `${blind} ms`);
  }
});

test("the record of one that is long dead may go; who has left is forgotten", () => {
  const { clock, members, revisions, look } = setUp();
  look("a", "b");
  for (let passed = 0; passed < 59_000; passed += 1_000) {
    clock.pass(1_000);
    look("b");
  }
  assert.deepEqual(members.longDead(clock.monotonic()), []);
  clock.pass(1_000);
  look("b");
  assert.deepEqual(members.longDead(clock.monotonic()), [
    { id: "a", revision: 1 },
  ]);
  delete revisions.a;
  look("b");
  assert.deepEqual(members.longDead(clock.monotonic()), []);
});

test("of one that was not seen nothing is known", () => {
  const { members, look } = setUp();
  assert.equal(members.processOf("a"), "");
  assert.deepEqual(members.wishesOf("a"), []);
  look("a");
  assert.equal(members.processOf("a"), "host:a");
  assert.deepEqual(members.wishesOf("a"), []);
  members.clear();
  assert.equal(members.processOf("a"), "");
});
