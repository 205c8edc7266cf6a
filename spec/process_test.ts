import { AssertionError, specProcess } from "evtstore/spec";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createBooking } from "../tests/processes/booking.ts";

const booking = specProcess((provider) => createBooking(provider).process);
const requested = booking.given("bookings", "b1", [
  { type: "Requested", seat: "s1", cents: 5, card: "c1" },
]);

async function failureOf(promise: PromiseLike<void>): Promise<AssertionError> {
  const error = await promise.then(() => undefined, (error) => error);
  assert(error instanceof AssertionError, String(error));
  return error;
}

test("a process manager is specified by what it sends, stores and waits for", async () => {
  await requested;
  await requested.thenSends([
    ["seats.hold", "s1", { bookingId: "b1" }],
    ["cards.charge", "c1", { bookingId: "b1", cents: 5 }],
    ["bookings.confirm", "b1", {}],
  ]);
  await requested.thenEvents("bookings", "b1", [{ type: "Confirmed" }]);
  await requested.thenTimers("b1", { unpaid: "24h", remind: "6h" });
  await requested.thenState("b1", { seat: "s1", reminders: 0 });
});

test("time passes from one timer to the next", async () => {
  const later = requested.after("5h");
  await later.thenTimers("b1", { unpaid: "19h", remind: "1h" });
  await later.after("60m").thenState("b1", { reminders: 1 });
  const day = later.after("19h");
  await day.thenEnds("b1");
  await day.thenTimers("b1", {});
  await day.thenEvents("bookings", "b1", [
    { type: "Confirmed" },
    { type: "Reminded" },
    { type: "Reminded" },
    { type: "Closed", reason: "unpaid" },
  ]);
  const paid = later.given("bookings", "b1", [{ type: "Paid" }]).after("7d");
  await paid.thenEnds("b1");
  await paid.thenEvents("bookings", "b1", [{ type: "Confirmed" }]);
});

test("what does not hold is told with what happened instead", async () => {
  const failures = [
    [requested.thenSends([]), /sent other commands[^]*seats\.hold/],
    [requested.thenEvents("bookings", "b1", []), /stored other events/],
    [requested.thenTimers("b1", { remind: "7h" }), /other timers/],
    [requested.thenState("b1", { seat: "s2" }), /another state/],
    [requested.thenState("b2", { seat: "s1" }), /another state/],
    [requested.thenEnds("b1"), /not over/],
    [requested.thenError("TAKEN"), /Nothing was thrown/],
    [
      booking.given("seats", "s1", [{ type: "Held", bookingId: "" }]),
      /processId/,
    ],
  ] as const;
  for (const [failing, message] of failures) {
    assert.match((await failureOf(failing)).message, message);
  }
  await booking.given("seats", "s1", [{ type: "Held", bookingId: "" }])
    .thenError("INVALID_INPUT");
  const wrong = specProcess((() => ({})) as any);
  assert.match((await failureOf(wrong)).message, /createProcess returned/);
});
