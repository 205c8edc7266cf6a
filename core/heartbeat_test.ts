import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "./fake_clock.ts";
import { Heartbeat, MEMBER } from "./heartbeat.ts";

function setUp() {
  const { records } = createProvider();
  const clock = new FakeClock();
  let draws = 0;
  clock.random = () => ++draws / 1000;
  const heartbeat = new Heartbeat(records, clock);
  let suspended = 0;
  const show = (value: unknown) => heartbeat.show(value, () => suspended++);
  const stored = () => records.get(MEMBER, heartbeat.id);
  return {
    records,
    clock,
    heartbeat,
    show,
    stored,
    suspended: () => suspended,
  };
}

test("it is fresh for less long than others take it for alive", async () => {
  const { clock, heartbeat, show, stored } = setUp();
  assert.match(heartbeat.id, /^[0-9a-f]{32}$/);
  assert.equal(heartbeat.isFresh, false);
  assert.equal(await show("first"), true);
  assert.equal(heartbeat.age(), 0);
  clock.pass(3999);
  assert.equal(heartbeat.isFresh, true);
  clock.pass(1);
  assert.equal(heartbeat.isFresh, false);
  await show("second");
  assert.equal(heartbeat.isFresh, true);
  const { value, revision } = (await stored())!;
  assert.deepEqual([value, revision], ["second", 2]);
});

test("it ages by whichever clock has gone further", async () => {
  const { clock, heartbeat, show } = setUp();
  await show(1);
  const { now, monotonic } = clock;
  clock.now = () => now.call(clock) + 5000;
  assert.equal(heartbeat.age(), 5000);
  clock.now = now;
  clock.monotonic = () => monotonic.call(clock) + 6000;
  assert.equal(heartbeat.age(), 6000);
});

test("an answer that was lost does not stop it", async () => {
  const { records, heartbeat, show, stored, suspended } = setUp();
  await show(1);
  const before = suspended();
  const put = records.put.bind(records);
  records.put = async (...given) => {
    records.put = put;
    await put(...given);
    throw new Error("no answer");
  };
  await assert.rejects(show(2), /no answer/);
  const { id } = heartbeat;
  assert.equal(await show(3), true);
  assert.equal(heartbeat.id, id);
  assert.equal((await stored())!.value, 3);
  assert.equal(suspended(), before);
  records.put = async (...given) => {
    records.put = put;
    await put(...given);
    throw new Error("no answer");
  };
  await assert.rejects(show(4), /no answer/);
  await heartbeat.end();
  assert.equal(await records.get(MEMBER, id), undefined);
});

test("who was taken for dead and forgotten begins another life", async () => {
  const { records, heartbeat, show, stored, suspended } = setUp();
  await show(1);
  const before = suspended();
  const { id } = heartbeat;
  await records.remove(MEMBER, id);
  assert.equal(await show(2), true);
  assert.notEqual(heartbeat.id, id);
  assert.equal((await stored())!.revision, 1);
  assert.equal(suspended(), before + 1);
});

test("who cannot be shown is not fresh", async () => {
  const { records, heartbeat, show } = setUp();
  const put = records.put.bind(records);
  let tries = 0;
  records.put = () => {
    tries++;
    return Promise.resolve(false);
  };
  assert.equal(await show(1), false);
  assert.equal(tries, 2);
  assert.equal(heartbeat.isFresh, false);
  records.put = put;
  assert.equal(await show(1), true);
});

test("who leaves takes its record along, and comes again as another", async () => {
  const { records, heartbeat, show } = setUp();
  await show(1);
  await show(2);
  const { id } = heartbeat;
  await heartbeat.end();
  assert.equal(await records.get(MEMBER, id), undefined);
  assert.equal(heartbeat.isFresh, false);
  assert.notEqual(heartbeat.id, id);
  records.remove = () => Promise.reject(new Error("no store"));
  await heartbeat.end();
});
