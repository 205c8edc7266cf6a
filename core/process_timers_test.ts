import type { Provider } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "./fake_clock.ts";
import { ProcessTimers } from "./process_timers.ts";

const HOUR = 3_600_000;

test("a timer that fails holds up no other, and is tried again", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const timers = new ProcessTimers(provider.records, "p", clock);
  const names = Array.from({ length: 250 }, (_, index) => `t${index}`);
  for (const [index, name] of names.entries()) {
    await timers.set("x", { name, at: index, version: 1 });
  }
  clock.pass(1000);
  const bad = new Set(names.slice(0, 150));
  const fired: string[] = [];
  const failed: string[] = [];
  const pass = () =>
    timers.fireDue(
      ({ name }) => {
        if (bad.has(name)) return Promise.reject(new Error("bad"));
        fired.push(name);
        return Promise.resolve();
      },
      (_error, { name }) => failed.push(name),
      () => false,
    );
  assert.equal(await pass(), 100);
  assert.deepEqual(fired, names.slice(150));
  assert.deepEqual(failed, names.slice(0, 150));
  clock.pass(999);
  assert.equal(await pass(), 0);
  assert.equal(failed.length, 150);
  bad.clear();
  clock.pass(1);
  assert.equal(await pass(), 150);
  assert.deepEqual(await timers.read(), { overdue: 0 });
});

test("a look that fails or is broken off is followed by another", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  let broken = true;
  const timers = new ProcessTimers(
    {
      ...methodsOf(provider.records),
      due: (...parameters) =>
        broken
          ? Promise.reject(new Error("down"))
          : provider.records.due(...parameters),
    },
    "p",
    clock,
  );
  await timers.set("x", { name: "t", at: 0, version: 1 });
  let fired = 0;
  const fire = async () => void fired++;
  await assert.rejects(timers.fireDue(fire, () => {}, () => false), /down/);
  broken = false;
  clock.pass(1000);
  await timers.fireDue(fire, () => {}, () => true);
  assert.equal(fired, 0);
  clock.pass(1000);
  await timers.fireDue(fire, () => {}, () => false);
  assert.equal(fired, 1);
});

test("an earlier timer that is set is not waited for too long", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const timers = new ProcessTimers(provider.records, "p", clock);
  await timers.set("x", { name: "late", at: HOUR, version: 1 });
  const fired: string[] = [];
  const pass = () =>
    timers.fireDue(
      async ({ name }) => void fired.push(name),
      () => {},
      () => false,
    );
  await pass();
  await timers.set("x", { name: "early", at: 2000, version: 1 });
  clock.pass(2000);
  await pass();
  assert.deepEqual(fired, ["early"]);
});

function methodsOf(records: NonNullable<Provider<any>["records"]>) {
  return {
    get: records.get.bind(records),
    list: records.list.bind(records),
    due: records.due.bind(records),
    put: records.put.bind(records),
    remove: records.remove.bind(records),
  };
}
