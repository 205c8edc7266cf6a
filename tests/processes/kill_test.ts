import { createProvider, migrate } from "evtstore/provider/sqlite";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createBooking } from "./booking.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const WORKER = fileURLToPath(new URL("./kill_worker.ts", import.meta.url));
const KILLS = 8;
const BOOKINGS = 40;

test("timers and steps are done once, however often the process is killed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "evtstore-kill-"));
  const path = join(folder, "bookings.db");
  await migrate({ path });
  const provider = createProvider({ path });
  try {
    const { bookings, domain } = createBooking(provider);
    const begin = Date.now();
    const ids = Array.from({ length: BOOKINGS }, (_, index) => `b${index}`);
    let requested = 0;
    const request = async (count: number) => {
      for (const id of ids.slice(requested, requested += count)) {
        const body = { seat: `seat of ${id}`, cents: 5, card: `card of ${id}` };
        await bookings.request(id, body);
      }
    };
    const areClosed = async () => {
      for (const id of ids) {
        const { events } = await domain.booking.getAggregate(id);
        if (events.at(-1) !== "Closed") return false;
      }
      return true;
    };
    let inTheMiddle = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      await request(BOOKINGS / KILLS);
      const worker = start(path, begin);
      await once(worker.stdout!, "data");
      await sleep(Math.random() * 500);
      worker.kill("SIGKILL");
      await once(worker, "close");
      if (!await areClosed()) inTheMiddle++;
    }
    assert.ok(inTheMiddle > KILLS / 2, `${inTheMiddle} kills in the middle`);
    const last = start(path, begin);
    try {
      for (let look = 0; look < 600 && !await areClosed(); look++) {
        await sleep(50);
      }
    } finally {
      last.kill("SIGKILL");
      await once(last, "close");
    }
    for (const id of ids) {
      const { events } = await domain.booking.getAggregate(id);
      assert.deepEqual(
        // A day that was slept through: both are due then, in their order.
        events.filter((type) => type !== "Reminded"),
        ["Requested", "Confirmed", "Closed"],
        id,
      );
      const reminders = events.filter((type) => type === "Reminded").length;
      assert.ok(reminders >= 1 && reminders <= 2, `${id}: ${reminders}`);
      const seat = await provider.getEventsFor("seats", `seat of ${id}`);
      assert.deepEqual(
        seat.map(({ event }) => event.type),
        ["Held", "Freed"],
        id,
      );
      const card = await domain.card.getAggregate(`card of ${id}`);
      assert.equal(card.cents, 5, id);
    }
  } finally {
    await provider.close();
    await rm(folder, { recursive: true });
  }
});

function start(path: string, begin: number) {
  return spawn(
    process.execPath,
    ["run", "-A", "--config", CONFIG, WORKER, path, String(begin)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
}
