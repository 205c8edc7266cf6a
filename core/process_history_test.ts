import { createAggregate, createDomain, type StoreEvent } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProcessHistory, REACTED, type Reacted } from "./process_history.ts";

function begin() {
  const counter = createAggregate({
    stream: "p",
    create: () => ({ count: 0 }),
    fold: (event: Reacted | { type: "Counted" }, { count }) =>
      event.type === "Counted" ? { count: count + 1 } : {},
  });
  const { domain } = createDomain({ provider: createProvider() }, { counter });
  const empty = { count: 0, aggregateId: "x", version: 0 };
  const history = new ProcessHistory(
    "x",
    empty,
    domain.counter.toNextAggregate,
  );
  const add = (event: object) =>
    history.add({
      ...{ stream: "p", aggregateId: "x", version: history.version + 1 },
      ...{ position: history.version + 1, timestamp: new Date(0), event },
    } as StoreEvent<any>);
  const react = (to: string, more: Partial<Reacted> = {}) => {
    add({ type: REACTED, to, ...more });
    return history.batch(to)!;
  };
  return { history, add, react };
}

test("a process began where the event stood that its first reaction was to", () => {
  const { history, add, react } = begin();
  assert.equal(history.began, undefined);
  react("event:a/1@1", { position: 7 });
  add({ type: "Counted" });
  react("event:a/1@2", { position: 8 });
  assert.equal(history.began, 7);
  assert.deepEqual(
    [history.version, history.state.count, history.ended],
    [3, 1, false],
  );
});

test("what was decided is found by its cause, and by its version", () => {
  const { history, add, react } = begin();
  const first = react("event:a/1@1");
  add({ type: "Counted" });
  const second = react("timer:late@1");
  assert.equal(history.batch("event:a/1@1"), first);
  assert.equal(history.batch("event:a/1@2"), undefined);
  assert.equal(history.batchAt(1), first);
  assert.equal(history.batchAt(3), second);
  assert.deepEqual(history.ofTimers(), [second]);
});

test("a timer is set until it fires, is replaced or cancelled, or the process ends", () => {
  const { history, react } = begin();
  const isSet = () => [...history.timers.keys()];
  const timers = ["a", "b", "c", "d e"].map((name) => ({ name, at: 5 }));
  const { set, dropped } = react("1", { timers });
  assert.deepEqual(set[0], { name: "a", at: 5, version: 1 });
  assert.deepEqual(dropped, []);
  // Who fires it takes its record away.
  assert.deepEqual(react("timer:d%20e@1").dropped, []);
  assert.deepEqual(isSet(), ["a", "b", "c"]);
  assert.deepEqual(react("timer:a@2").dropped, [], "it is another one");
  assert.deepEqual(isSet(), ["a", "b", "c"]);
  const changed = react("4", {
    timers: [{ name: "a", at: 9 }],
    cancelled: ["b", "gone"],
  });
  assert.deepEqual(changed.dropped, [
    { name: "b", at: 5, version: 1 },
    { name: "a", at: 5, version: 1 },
  ]);
  assert.deepEqual(history.timers.get("a"), { name: "a", at: 9, version: 4 });
  const { dropped: atEnd } = react("5", { ended: true });
  assert.deepEqual(atEnd.map(({ name }) => name), ["c", "a"]);
  assert.deepEqual([isSet(), history.ended], [[], true]);
});
