import {
  createAggregate,
  createCommands,
  createDomain,
  DuplicateCommandError,
  type Provider,
  VersionError,
  withMetadata,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "./fake_clock.ts";
import { createProcessAt } from "./process.ts";

type OrderEvent = { type: "Placed" } | { type: "Paid" } | { type: "Seen" };

const order = createAggregate({
  stream: "orders",
  create: () => ({}),
  fold: (_event: OrderEvent) => ({}),
});

/** A process manager that only calls, and what goes wrong beside it. */
function setUp(
  provider: Provider<any> = createProvider(),
  clock: FakeClock = new FakeClock(),
  name = "p",
) {
  const { domain } = createDomain({ provider }, { order });
  const orders = createCommands(domain.order, {
    place: () => ({ type: "Placed" }),
    pay: () => ({ type: "Paid" }),
    see: () => ({ type: "Seen" }),
  });
  const calls: string[] = [];
  const downs = new Set<string>();
  let decided = 0;
  const process = createProcessAt(clock, {
    ...{ name, stream: "p", streams: [domain.order] },
    commands: {
      desk: {
        call(_id: string, { text }: { text: string }) {
          if (downs.has(text)) return Promise.reject(new Error("down"));
          return Promise.resolve(calls.push(text));
        },
      },
    },
    timers: ["late", "never"],
  });
  process.startsOn("orders", (_event, id) => id, {
    Placed: (_event, { id, send, setTimer }) => {
      decided++;
      return [
        setTimer("late", { after: "1h" }),
        send.desk.call(id, { text: "placed" }),
      ];
    },
  });
  process.on("orders", (_event, id) => id, {
    Seen: () => {},
    Paid: (_event, { id, send, cancelTimer }) => [
      send.desk.call(id, { text: "paid" }),
      cancelTimer("never"),
    ],
  });
  process.onTimer(
    "late",
    (
      _timer,
      { id, send, end },
    ) => [send.desk.call(id, { text: "late" }), end()],
  );
  process.onTimer("never", () => {});
  return {
    ...{ provider, clock, orders, process, calls, downs },
    decided: () => decided,
    own: async () =>
      (await provider.getEventsFor("p", "o1")).map(({ event }) => event),
  };
}

/** A provider whose appends to the process's own stream fail with these. */
function failing(errors: Error[]): Provider<any> {
  const provider = createProvider();
  return {
    ...provider,
    append(stream, ...rest) {
      const error = stream === "p" ? errors.shift() : undefined;
      return error ? Promise.reject(error) : provider.append(stream, ...rest);
    },
  };
}

test("what was decided is stored, without what is empty", async () => {
  const { clock, orders, process, own } = setUp();
  await orders.place("o1", {});
  await orders.pay("o1", {});
  await orders.see("o1", {});
  await process.runOnce();
  clock.pass(3_600_000);
  await process.runOnce();
  const call = (text: string) => ({
    name: "desk.call",
    aggregateId: "o1",
    body: { text },
  });
  assert.deepEqual(await own(), [
    {
      type: "process.reacted",
      to: "event:orders/o1@1",
      position: 1,
      commands: [call("placed")],
      timers: [{ name: "late", at: 3_600_000 }],
    },
    {
      type: "process.reacted",
      to: "event:orders/o1@2",
      position: 2,
      commands: [call("paid")],
      cancelled: ["never"],
    },
    { type: "process.reacted", to: "event:orders/o1@3", position: 3 },
    {
      type: "process.reacted",
      to: "timer:late@1",
      commands: [call("late")],
      ended: true,
    },
  ]);
});

for (const Lost of [VersionError, DuplicateCommandError]) {
  test(`where another owner stored first (${Lost.name}) it is decided again, ten times at most`, async () => {
    const lost = (times: number) =>
      Array.from({ length: times }, () => new (Lost as any)("lost"));
    const ten = setUp(failing(lost(10)));
    await ten.orders.place("o1", {});
    await ten.process.runOnce();
    assert.deepEqual([ten.decided(), ten.calls], [11, ["placed"]]);
    const eleven = setUp(failing(lost(11)));
    await eleven.orders.place("o1", {});
    await assert.rejects(eleven.process.runOnce(), Lost);
    assert.deepEqual([eleven.decided(), eleven.calls], [11, []]);
  });
}

test("an append that fails otherwise is a failure at once", async () => {
  const { orders, process, decided } = setUp(failing([new Error("down")]));
  await orders.place("o1", {});
  await assert.rejects(process.runOnce(), /down/);
  assert.equal(decided(), 1);
});

test("what a timer decided is caused by what set it", async () => {
  const { provider, clock, orders, process } = setUp();
  await withMetadata(
    { correlationId: "r1", userId: "ada" },
    () => orders.place("o1", {}),
  );
  await orders.pay("o1", {});
  await process.runOnce();
  clock.pass(3_600_000);
  await process.runOnce();
  const fired = (await provider.getEventsFor("p", "o1")).at(-1)!;
  assert.deepEqual(fired.metadata, {
    correlationId: "r1",
    userId: "ada",
    causationId: "p/o1@1",
  });
});

test("only the event that began a process repeats what its timers decided", async () => {
  const one = setUp();
  await one.orders.place("o1", {});
  await one.process.runOnce();
  one.clock.pass(3_600_000);
  one.downs.add("late");
  await assert.rejects(one.process.runOnce(), /down/);
  // One of another name sees all from the beginning, and none of the timers.
  const two = setUp(one.provider, one.clock, "renamed");
  await two.process.runOnce();
  assert.deepEqual(two.calls, ["placed", "late"]);

  const later = setUp();
  await later.orders.place("o1", {});
  await later.orders.pay("o1", {});
  await later.process.runOnce();
  later.clock.pass(3_600_000);
  await later.process.runOnce();
  assert.deepEqual(later.calls, ["placed", "paid", "late"]);
  await later.provider.setPosition("p", 1);
  const again = setUp(later.provider, later.clock);
  await again.process.runOnce();
  assert.deepEqual(again.calls, ["paid"]);
});
