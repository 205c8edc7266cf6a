/** Runs the process of bookings on a file until it is killed. */
import { createProvider } from "evtstore/provider/sqlite";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../core/clock.ts";
import { createBooking } from "./booking.ts";

// A day passes in less than a second.
const SPEED = 100_000;
const begin = Number(process.argv[3]);
const clock = {
  ...systemClock,
  now: () => begin + (Date.now() - begin) * SPEED,
};
const booking = createBooking(
  createProvider({ path: process.argv[2]! }),
  clock,
);
console.log("started");
// Not started: who was killed owns the bookmark for some seconds more.
for (;;) {
  await booking.process.runOnce();
  await sleep(5);
}
