import type { ProcessControls } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../core/fake_clock.ts";
import { type Booking, contentsOf, createBooking } from "./booking.ts";
import { type Death, mortal } from "./mortal.ts";

const HOUR = 3_600_000;

/** What customers do, and the time that passes, between runs of the process. */
const phases: ((booking: Booking, clock: FakeClock) => Promise<unknown>)[] = [
  async ({ bookings }) => {
    await bookings.request("b1", { seat: "s1", cents: 500, card: "c1" });
    await bookings.request("b2", { seat: "s1", cents: 500, card: "c2" });
    await bookings.request("b3", { seat: "s3", cents: 5000, card: "c3" });
  },
  ({ bookings }) =>
    bookings.request("b4", { seat: "s4", cents: 400, card: "c4" }),
  async (_booking, clock) => clock.pass(6 * HOUR),
  ({ bookings }) => bookings.pay("b4", {}),
  async (_booking, clock) => clock.pass(6 * HOUR),
  async (_booking, clock) => clock.pass(12 * HOUR),
];

async function runAll(
  inner: ReturnType<typeof createProvider>,
  runPhase: (clock: FakeClock) => Promise<void>,
) {
  const clock = new FakeClock();
  const customers = createBooking(inner, clock);
  for (const phase of phases) {
    await phase(customers, clock);
    await runPhase(clock);
  }
  return await contentsOf(inner);
}

async function undisturbed() {
  const inner = createProvider();
  let process: ProcessControls<any> | undefined;
  return await runAll(inner, async (clock) => {
    process ??= createBooking(inner, clock).process;
    await process.runOnce();
  });
}

/** Whether it died, and what is stored in the end. */
async function dyingAt(callNumber: number, death: Death) {
  const inner = createProvider({ onError: () => {} });
  const one = mortal(inner, callNumber, death);
  let process: ProcessControls<any> | undefined;
  let wasDead = false;
  const contents = await runAll(inner, async (clock) => {
    process ??= createBooking(one.provider, clock).process;
    const run = process.runOnce();
    if (wasDead) return void await run;
    await Promise.race([run.catch(() => {}), one.died]);
    if (!one.isDead()) return void await run;
    run.catch(() => {});
    wasDead = true;
    const next = process = createBooking(inner, clock).process;
    await next.runOnce();
    one.release();
    // Who was paused has lost its bookmark, but finishes what it has in hand.
    if (death === "paused") await run.catch(() => {});
  });
  return { wasDead, contents };
}

test("a customer is charged, told and left in peace as expected", async () => {
  const { log, timers } = await undisturbed();
  const types = (key: string) => log[key]?.map(({ type }: any) => type);
  assert.deepEqual(types("bookings/b1"), [
    "Requested",
    "Confirmed",
    "Reminded",
    "Reminded",
    "Closed",
  ]);
  assert.deepEqual(types("bookings/b2"), ["Requested", "Closed"]);
  // All that a reaction decided is sent, whatever becomes of one command.
  assert.deepEqual(types("bookings/b3"), ["Requested", "Closed", "Confirmed"]);
  assert.deepEqual(types("bookings/b4"), [
    "Requested",
    "Confirmed",
    "Reminded",
    "Paid",
  ]);
  assert.deepEqual(types("seats/s1"), ["Held", "Freed"]);
  assert.deepEqual(types("cards/c1"), ["Charged"]);
  assert.equal(types("cards/c3"), undefined);
  assert.deepEqual(timers, []);
});

for (const death of ["before", "after", "silent", "paused"] as const) {
  test(`whoever dies at any call (${death}), all is done once`, async () => {
    const expected = await undisturbed();
    let callNumber = 0;
    for (;;) {
      callNumber++;
      const { wasDead, contents } = await dyingAt(callNumber, death);
      assert.deepEqual(contents, expected, `call ${callNumber}`);
      if (!wasDead) break;
    }
    // So many calls that it means something.
    assert.ok(callNumber > 120, `only ${callNumber} calls`);
  });
}
