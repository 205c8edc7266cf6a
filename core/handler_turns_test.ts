import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "./fake_clock.ts";
import { HandlerTurns } from "./handler_turns.ts";

function setUp() {
  const clock = new FakeClock();
  return { clock, turns: new HandlerTurns("model", clock) };
}

/** Work that goes on until it is told to end, or for a second. */
function longWork(clock: FakeClock, order: string[], name: string) {
  return async (signal: AbortSignal) => {
    order.push(`${name} begins`);
    await clock.sleep(1_000, signal);
    order.push(`${name} ${signal.aborted ? "is ended" : "is done"}`);
    return name;
  };
}

test("one turn follows the other, also one that failed", async () => {
  const { turns } = setUp();
  const order: string[] = [];
  const failing = turns.take(async () => {
    order.push("first");
    throw new Error("bad");
  });
  const next = turns.take(async () => order.push("second"));
  await assert.rejects(failing, /bad/);
  assert.equal(await next, 2);
  assert.deepEqual(order, ["first", "second"]);
  assert.equal(turns.signal, undefined);
});

test("who is waited for ends the work that gives way, and no other", async () => {
  for (const [givesWay, end] of [[true, "is ended"], [false, "is done"]]) {
    const { turns, clock } = setUp();
    const order: string[] = [];
    const work = longWork(clock, order, "pass");
    const pass = givesWay === true ? turns.take(work, true) : turns.take(work);
    await clock.settle();
    const soon = turns.takeSoon(longWork(clock, order, "replay"));
    await clock.settle();
    await clock.advance(1_000);
    assert.equal(await pass, "pass");
    await clock.advance(1_000);
    assert.equal(await soon, "replay");
    assert.deepEqual(order, [
      "pass begins",
      `pass ${end}`,
      "replay begins",
      "replay is done",
    ]);
  }
});

test("end() ends the work in hand, and ended() waits for what waits", async () => {
  const { turns, clock } = setUp();
  const order: string[] = [];
  turns.end();
  void turns.take(longWork(clock, order, "pass"));
  void turns.take(longWork(clock, order, "next"));
  await clock.settle();
  turns.end();
  assert.equal(turns.signal?.aborted, true);
  const ended = turns.ended().then(() => order.push("ended"));
  await clock.settle();
  await clock.advance(1_000);
  await ended;
  assert.deepEqual(order, [
    "pass begins",
    "pass is ended",
    "next begins",
    "next is done",
    "ended",
  ]);
});

test("a call is inside only while its own turn goes on", async () => {
  const { turns } = setUp();
  let later = () => false;
  const refused = await turns.take(async () => {
    assert.equal(turns.isInside(), true);
    let go = () => {};
    const gate = new Promise<void>((resolve) => go = resolve);
    const looked = gate.then(() => turns.isInside());
    later = () => (go(), true);
    try {
      turns.refuseInside("run");
    } catch (error) {
      return { error, looked };
    }
  });
  const { code, bookmark, message } = refused!.error as any;
  assert.deepEqual([code, bookmark], ["HANDLER_REENTERED", "model"]);
  assert.match(message, /Cannot run handler "model" from one of its own/);
  assert.equal(turns.isInside(), false);
  turns.refuseInside("run");
  // What a callback has left behind may wait for a later turn.
  const next = turns.take(async () => {
    later();
    return await refused!.looked;
  });
  assert.equal(await next, false);
});

test("a pause is one of the handler, and ends with its work", async () => {
  const { turns, clock } = setUp();
  const states: boolean[] = [];
  const pass = turns.take(async () => {
    states.push(turns.isPausing);
    await turns.pause(500);
    states.push(turns.isPausing);
    await turns.pause(60_000);
    states.push(turns.isPausing);
  });
  await clock.settle();
  states.push(turns.isPausing);
  await clock.advance(500);
  states.push(turns.isPausing);
  turns.end();
  await pass;
  assert.deepEqual(states, [false, true, false, true, false]);
});
