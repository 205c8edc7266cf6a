/**
 * A process of `notify_test.ts`: it listens, stops, closes its client, and has
 * to end by itself then.
 */
import { createHandler, MemoryBookmark } from "evtstore";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { notifyDrivers } from "./notify_drivers.ts";

const [driver, url] = process.argv.slice(2) as [string, string];
const { provider, close } = await notifyDrivers[driver]!(url);
const handler = createHandler<any>({
  bookmark: MemoryBookmark,
  streams: ["stream"],
  provider,
});
handler.start();
await setTimeout(500);
await handler.stop();
await close();
