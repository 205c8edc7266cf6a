import { CommandError, StoreError } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../core/fake_clock.ts";
import { contentsOf, createBooking } from "./booking.ts";

const HOUR = 3_600_000;

test("a reaction records, sends and sets timers", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const { process, bookings, domain } = createBooking(provider, clock);
  await bookings.request("b1", { seat: "s1", cents: 500, card: "c1" });
  await process.runOnce();

  assert.equal((await domain.seat.getAggregate("s1")).holder, "b1");
  assert.equal((await domain.card.getAggregate("c1")).cents, 500);
  assert.deepEqual((await domain.booking.getAggregate("b1")).events, [
    "Requested",
    "Confirmed",
  ]);
  const instance = await process.get("b1");
  assert.equal(instance!.state.seat, "s1");
  assert.equal(instance!.ended, false);
  assert.deepEqual(instance!.timers, {
    unpaid: new Date(24 * HOUR),
    remind: new Date(6 * HOUR),
  });
  assert.deepEqual((await process.status()).timers, {
    next: new Date(6 * HOUR),
    overdue: 0,
  });
  assert.equal(await process.get("b2"), undefined);
});

test("timers fire when they are due, in order, and once", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const { process, bookings, domain } = createBooking(provider, clock);
  await bookings.request("b1", { seat: "s1", cents: 500, card: "c1" });
  await process.runOnce();
  const events = async () =>
    (await domain.booking.getAggregate("b1")).events.slice(2);

  clock.pass(6 * HOUR - 1);
  await process.runOnce();
  assert.deepEqual(await events(), []);
  clock.pass(1);
  await process.runOnce();
  await process.runOnce();
  assert.deepEqual(await events(), ["Reminded"]);
  assert.equal((await process.get("b1"))!.state.reminders, 1);
  clock.pass(6 * HOUR);
  await process.runOnce();
  assert.deepEqual(await events(), ["Reminded", "Reminded"]);
  clock.pass(13 * HOUR);
  await process.runOnce();
  assert.deepEqual(await events(), ["Reminded", "Reminded", "Closed"]);
  assert.equal((await domain.seat.getAggregate("s1")).holder, "");
  assert.equal((await process.get("b1"))!.ended, true);
  assert.deepEqual((await contentsOf(provider)).timers, []);
});

test("the end cancels the timers, and what comes later is ignored", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const { process, bookings, seats, domain } = createBooking(provider, clock);
  await bookings.request("b1", { seat: "s1", cents: 500, card: "c1" });
  await process.runOnce();
  await bookings.pay("b1", {});
  await process.runOnce();
  assert.deepEqual((await contentsOf(provider)).timers, []);
  const { version } = await domain.booking.getAggregate("b1");
  await seats.free("s1", { bookingId: "b1" });
  await seats.hold("s1", { bookingId: "b1" });
  clock.pass(100 * HOUR);
  await process.runOnce();
  assert.equal((await domain.booking.getAggregate("b1")).version, version);
});

test("events that come again bring back no timer that was cancelled", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const { process, bookings } = createBooking(provider, clock);
  await bookings.request("b1", { seat: "s1", cents: 500, card: "c1" });
  await bookings.pay("b1", {});
  await process.runOnce();
  const before = await contentsOf(provider);
  assert.deepEqual(before.timers, []);
  await provider.setPosition("booking", 0);
  const { records } = provider;
  const readOnly = {
    get: records.get.bind(records),
    list: records.list.bind(records),
    due: records.due.bind(records),
    remove: records.remove.bind(records),
    put: () => Promise.reject(new Error("it was put")),
  };
  const again = createBooking({ ...provider, records: readOnly }, clock);
  await again.process.runOnce();
  assert.deepEqual(await contentsOf(provider), before);
});

test("what was decided can be found by the event, and says what it led to", async () => {
  const provider = createProvider();
  const { process, bookings } = createBooking(provider);
  const { withMetadata } = await import("evtstore");
  await withMetadata(
    { correlationId: "r1", userId: "ada" },
    () => bookings.request("b1", { seat: "s1", cents: 5, card: "c1" }),
  );
  await process.runOnce();
  const found = await provider.findCommand(
    "booking",
    "b1",
    "event:bookings/b1@1",
  );
  assert.equal(found, 1);
  const [own] = await provider.getEventsFor("booking", "b1");
  assert.deepEqual(own!.metadata, {
    correlationId: "r1",
    userId: "ada",
    causationId: "bookings/b1@1",
  });
  const [seat] = await provider.getEventsFor("seats", "s1");
  assert.deepEqual(seat!.metadata, {
    correlationId: "r1",
    userId: "ada",
    causationId: "booking/b1@1",
  });
});

test("names of any length do", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const { process, bookings, domain } = createBooking(provider, clock);
  const long = "ä/@%".repeat(85);
  await bookings.request(long, { seat: "s1", cents: 5, card: "c1" });
  await process.runOnce();
  clock.pass(6 * HOUR);
  await process.runOnce();
  await provider.setPosition("booking", 0);
  await createBooking(provider, clock).process.runOnce();
  assert.deepEqual((await domain.booking.getAggregate(long)).events, [
    "Requested",
    "Confirmed",
    "Reminded",
  ]);
});

test("what happened is handled before a timer that is due fires", async () => {
  const clock = new FakeClock();
  const provider = createProvider();
  const { process, bookings, domain } = createBooking(provider, clock);
  await bookings.request("b1", { seat: "s1", cents: 500, card: "c1" });
  await process.runOnce();
  // The process manager was down for two days; the booking was paid meanwhile.
  await bookings.pay("b1", {});
  clock.pass(48 * HOUR);
  await createBooking(provider, clock).process.runOnce();
  assert.deepEqual((await domain.booking.getAggregate("b1")).events, [
    "Requested",
    "Confirmed",
    "Paid",
  ]);
});

test("a refused command has a reaction of its own", async () => {
  const provider = createProvider();
  const { process, bookings, domain } = createBooking(provider);
  await bookings.request("b1", { seat: "s1", cents: 500, card: "c1" });
  await bookings.request("b2", { seat: "s1", cents: 500, card: "c2" });
  await bookings.request("b3", { seat: "s3", cents: 5000, card: "c3" });
  await process.runOnce();
  const reason = async (id: string) => {
    const events = await provider.getEventsFor("bookings", id);
    return events.find(({ event }) => event.type === "Closed")?.event;
  };
  assert.deepEqual(await reason("b1"), undefined);
  assert.deepEqual(await reason("b2"), { type: "Closed", reason: "TAKEN" });
  assert.deepEqual(await reason("b3"), { type: "Closed", reason: "Too much" });
  assert.equal((await domain.seat.getAggregate("s3")).holder, "");
  assert.equal((await domain.seat.getAggregate("s1")).holder, "b1");
});

test("what was refused stays refused when the event comes again", async () => {
  const provider = createProvider();
  const { process, bookings, seats, domain } = createBooking(provider);
  await bookings.request("b1", { seat: "s1", cents: 500, card: "c1" });
  await bookings.request("b2", { seat: "s1", cents: 500, card: "c2" });
  await process.runOnce();
  await seats.free("s1", { bookingId: "b1" });
  const before = await contentsOf(provider);
  await provider.setPosition("booking", 0);
  await createBooking(provider).process.runOnce();
  assert.deepEqual(await contentsOf(provider), before);
  assert.equal((await domain.seat.getAggregate("s1")).holder, "");
});

test("an event from before the process began is ignored, also when it comes again", async () => {
  const provider = createProvider();
  const { process, bookings, seats, domain } = createBooking(provider);
  await seats.hold("s9", { bookingId: "b1" });
  await process.runOnce();
  assert.equal(await process.get("b1"), undefined);
  await bookings.request("b1", { seat: "s1", cents: 5, card: "c1" });
  await process.runOnce();
  await provider.setPosition("booking", 0);
  await createBooking(provider).process.runOnce();
  assert.deepEqual((await domain.booking.getAggregate("b1")).events, [
    "Requested",
    "Confirmed",
  ]);
});

test("a refusal without a reaction is a failure that holds", async () => {
  const provider = createProvider();
  const { bookings, domain } = createBooking(provider);
  const { createProcess } = await import("evtstore");
  const process = createProcess({
    name: "closing",
    streams: [domain.booking],
    commands: {
      doors: {
        close(_id: string, _body: { at: string }) {
          return Promise.reject(new CommandError("Locked", "LOCKED"));
        },
      },
    },
  });
  process.startsOn("bookings", (_event, id) => id, {
    Requested: (_event, { send }) => send.doors.close("d1", { at: "night" }),
  });
  await bookings.request("b1", { seat: "s1", cents: 5, card: "c1" });
  await assert.rejects(() => process.runOnce(), { code: "LOCKED" });
});

test("what is decided and not returned is refused", async () => {
  const provider = createProvider();
  const { bookings, domain, seats } = createBooking(provider);
  const { createProcess } = await import("evtstore");
  const answers: unknown[] = [];
  const process = createProcess({
    name: "careless",
    streams: [domain.booking],
    commands: { seats },
  });
  process.startsOn("bookings", (_event, id) => id, {
    Requested: (_event, { id, send }) => {
      const decision = send.seats.hold("s1", { bookingId: id });
      answers.push(decision);
      return answers.length === 1 ? [] : [decision, decision];
    },
  });
  await bookings.request("b1", { seat: "s1", cents: 5, card: "c1" });
  for (let time = 0; time < 2; time++) {
    await assert.rejects(
      () => process.runOnce(),
      (error) =>
        error instanceof StoreError && error.code === "INVALID_INPUT" &&
        error.field === "reaction",
    );
  }
  assert.equal(await process.get("b1"), undefined);
});

test("what fails can be parked, and the rest of it is done by a replay", async () => {
  const provider = createProvider({ onError: () => {} });
  const { bookings, domain } = createBooking(provider);
  const { createProcess } = await import("evtstore");
  let isDown = true;
  const told: string[] = [];
  const process = createProcess({
    name: "parking",
    streams: [domain.booking],
    commands: {
      mails: {
        send: async (id: string, { to }: { to: string }) => {
          if (to === "both" && isDown) throw new Error("down");
          told.push(`${id} ${to}`);
        },
      },
    },
    onFailure: "park",
    retry: { times: 0 },
  });
  let decisions = 0;
  process.startsOn("bookings", (_event, id) => id, {
    Requested: ({ card }, { id, send }) => {
      decisions++;
      return [
        send.mails.send(id, { to: "first" }),
        send.mails.send(id, { to: card }),
      ];
    },
  });
  await bookings.request("b1", { seat: "s1", cents: 5, card: "both" });
  await bookings.request("b2", { seat: "s2", cents: 5, card: "other" });
  await process.runOnce();
  assert.deepEqual(told, ["b1 first", "b2 first", "b2 other"]);
  assert.deepEqual((await process.parked()).map((one) => one.aggregateId), [
    "b1",
  ]);
  isDown = false;
  assert.equal(await process.replay({ aggregateId: "b1" }), 1);
  // What stores nothing has its `commandId` to know a repeat by.
  assert.deepEqual(told.slice(3), ["b1 first", "b1 both"]);
  assert.equal(decisions, 2);
});
