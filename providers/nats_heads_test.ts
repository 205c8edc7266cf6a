import assert from "node:assert/strict";
import { test } from "node:test";
import type { Commit } from "./nats_commits.ts";
import { Heads } from "./nats_heads.ts";

function commit(sequence: number, version: number, command?: string): Commit {
  return {
    id: `${sequence}`,
    sequence,
    subject: "s",
    version,
    events: [{ time: "", event: { type: "A" } }],
    ...command === undefined ? {} : { command },
  };
}

test("commands are known once all commits were seen", () => {
  const heads = new Heads();
  heads.add("s", 1, [commit(3, 0, "a"), commit(7, 1)]);
  assert.deepEqual(heads.get("s"), {
    sequence: 7,
    version: 2,
    commands: new Map([["a", 1]]),
  });
  heads.add("s", 8, [commit(9, 2, "b")]);
  assert.deepEqual(heads.get("s")!.commands, new Map([["a", 1], ["b", 3]]));
});

test("commands are not known behind a gap", () => {
  const heads = new Heads();
  heads.add("s", 4, [commit(7, 1, "b")]);
  assert.deepEqual(heads.get("s"), { sequence: 7, version: 2 });
  heads.add("t", 1, [commit(3, 0, "a")]);
  heads.add("t", 5, [commit(7, 2, "c")]);
  assert.deepEqual(heads.get("t"), { sequence: 7, version: 3 });
});

test("what is older changes nothing, and nothing is counted twice", () => {
  const heads = new Heads();
  heads.add("s", 1, [commit(3, 0, "a"), commit(7, 1, "b")]);
  const known = heads.get("s");
  heads.add("s", 1, [commit(3, 0, "a")]);
  heads.add("s", 7, [commit(7, 1, "b")]);
  heads.add("s", 8, []);
  assert.equal(heads.get("s"), known);
});

test("the oldest aggregates are forgotten", () => {
  const heads = new Heads({ aggregates: 10, commands: 10 });
  for (let index = 0; index <= 10; index++) {
    heads.set(`${index}`, { sequence: 1, version: 1 });
  }
  assert.equal(heads.get("0"), undefined);
  assert.deepEqual(heads.get("1"), { sequence: 1, version: 1 });
});

test("aggregates with many commands are forgotten sooner, never the newest", () => {
  const heads = new Heads({ aggregates: 10, commands: 20 });
  const commandsOf = (count: number) =>
    new Map(Array.from({ length: count }, (_, index) => [`${index}`, 1]));
  heads.set("a", { sequence: 1, version: 1, commands: commandsOf(15) });
  heads.set("b", { sequence: 1, version: 1, commands: commandsOf(15) });
  assert.equal(heads.get("a"), undefined);
  assert.equal(heads.get("b")!.commands!.size, 15);
  heads.set("c", { sequence: 1, version: 1, commands: commandsOf(30) });
  assert.equal(heads.get("b"), undefined);
  assert.equal(heads.get("c")!.commands!.size, 30);
  // What was forgotten is not counted any more.
  heads.set("c", { sequence: 2, version: 2 });
  heads.set("d", { sequence: 1, version: 1, commands: commandsOf(20) });
  assert.deepEqual(heads.get("c"), { sequence: 2, version: 2 });
});
