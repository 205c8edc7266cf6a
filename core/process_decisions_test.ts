import { StoreError } from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import { deciding } from "./process_decisions.ts";
import { REACTED } from "./process_history.ts";

const NOW = 5_000;

function decide() {
  const commands = { desk: { call: () => Promise.resolve() } };
  const made = deciding(
    { name: "p", commands, timers: ["late"], now: () => NOW },
    { id: "x", state: { count: 1 } },
  );
  return { ...made.context, decided: made.decided };
}

test("a decision says what is to be done", () => {
  const { id, state, send, setTimer, cancelTimer, end, decided } = decide();
  assert.deepEqual([id, state], ["x", { count: 1 }]);
  const { events, decisions } = decided([
    { type: "Noted" },
    send.desk!.call!("a1", { text: "hello", when: [1, { more: null }] }),
    setTimer("late", { after: "1s" }),
    cancelTimer("late"),
    end(),
  ]);
  assert.deepEqual(events, [{ type: "Noted" }]);
  assert.deepEqual(decisions, [
    {
      decision: "send",
      command: "desk.call",
      aggregateId: "a1",
      body: { text: "hello", when: [1, { more: null }] },
    },
    { decision: "set", timer: "late", at: NOW + 1000 },
    { decision: "cancel", timer: "late" },
    { decision: "end" },
  ]);
});

test("a reaction returns nothing, one thing or several", () => {
  for (const nothing of [undefined, null, []]) {
    assert.deepEqual(decide().decided(nothing), { events: [], decisions: [] });
  }
  assert.deepEqual(decide().decided({ type: "Noted" }).events, [
    { type: "Noted" },
  ]);
});

test("a command is sent with what JSON gives back as it was", () => {
  const { send } = decide();
  const call = send.desk!.call! as (id: unknown, body: unknown) => any;
  assert.deepEqual(call("a1", undefined).body, {});
  assert.deepEqual(call("a1", { gone: undefined }).body, {});
  for (
    const [field, id, body] of [
      ["aggregateId", "", {}],
      ["body.count", "a1", { count: 1n }],
      // JSON can hold it, as a text.
      ["body", "a1", { when: new Date(0) }],
    ] as const
  ) {
    assert.throws(() => call(id, body), isInvalid(field), field);
  }
});

test("a timer has a name that is known, and a time that a Date can have", () => {
  const { setTimer, cancelTimer } = decide();
  assert.throws(() => setTimer("other", { after: "1s" }), isInvalid("timers"));
  assert.throws(() => cancelTimer("other"), isInvalid("timers"));
  const last = 8.64e15;
  const atOf = (due: any) => (setTimer("late", due) as { at?: number }).at;
  assert.equal(atOf({ at: new Date(last) }), last);
  assert.equal(atOf({ at: new Date(-1) }), 0, "it is over");
  for (const after of [`${last}ms`, "soon"]) {
    assert.throws(() => atOf({ after }), isInvalid("after"));
  }
  for (const due of [{}, { at: new Date(NaN) }, { at: 7 }]) {
    assert.throws(() => atOf(due), isInvalid("at"));
  }
});

test("what is no event, no decision of this reaction, or one that is kept for the library is refused", () => {
  const { send } = decide();
  const foreign = send.desk!.call!("a1", {});
  for (
    const [field, answer] of [
      ["reaction", foreign],
      ["events[1]", [{ type: "Noted" }, "Noted"]],
      ["events[0]", [null]],
      ["events[1].type", [{ type: "Noted" }, { type: REACTED }]],
    ] as const
  ) {
    assert.throws(() => decide().decided(answer), isInvalid(field), field);
  }
});

function isInvalid(field: string) {
  return (error: unknown) =>
    error instanceof StoreError && error.code === "INVALID_INPUT" &&
    error.field === field;
}
