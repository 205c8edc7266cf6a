/**
 * Prints how long an event takes from its append to a handler, in one process
 * and from one process to another:
 *
 *     deno run -A tests/faults/latency.ts
 *
 * EVTSTORE_EVENTS is the number of events of each, 200 unless set. An event is
 * appended when the one before it has arrived; a handler polls each second, as
 * it does by default, so what takes less was woken.
 *
 * @module
 */
import { createHandler } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createPlace, findFaultDatabases } from "./databases.ts";
import { openStore } from "./open_store.ts";
import type { FullProvider } from "./stores/store.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const SELF = fileURLToPath(import.meta.url);
const EVENTS = Number(process.env.EVTSTORE_EVENTS ?? 200);
const WARM_UP = 20;

type Sent = { type: "Sent"; at: number };

const [role, address = ""] = process.argv.slice(2);
if (role === "handle") await handleForAnother(address);
else await measureAll();
process.exit();

/** Calls back with the time that each event took, by the wall clock. */
function handle(provider: FullProvider, onEvent: (ms: number) => void) {
  const handler = createHandler<{ sent: Sent }>({
    bookmark: "latency",
    streams: ["sent"],
    provider,
  });
  handler.handle("sent", "Sent", async (_id, { at }) => {
    onEvent(now() - at);
  });
  handler.start();
  return handler;
}

async function handleForAnother(address: string): Promise<void> {
  const store = await openStore(address);
  const handler = handle(store.provider, (ms) => console.log(ms));
  for await (const _ of process.stdin) {
    // Until its end.
  }
  await handler.stop();
  await store.close();
}

async function measureAll(): Promise<void> {
  console.log("database\tone process: median, p99\ttwo processes: median, p99");
  const memory = createProvider() as unknown as FullProvider;
  console.log(`memory\t${show(await inOneProcess(memory))}\t-`);
  for (const database of await findFaultDatabases()) {
    const results: string[] = [];
    for (const measure of [inOneProcess, acrossProcesses]) {
      const place = await createPlace(database);
      const store = await openStore(place.address);
      results.push(show(await measure(store.provider, place.address)));
      await store.close();
      await place.remove();
    }
    console.log([database.name, ...results].join("\t"));
  }
}

async function inOneProcess(provider: FullProvider): Promise<number[]> {
  const times: number[] = [];
  let arrived = () => {};
  const handler = handle(provider, (ms) => {
    times.push(ms);
    arrived();
  });
  await setTimeout(200);
  await send(provider, () => new Promise((resolve) => arrived = resolve));
  await handler.stop();
  return times;
}

async function acrossProcesses(
  provider: FullProvider,
  address: string,
): Promise<number[]> {
  const child = spawn(
    process.execPath,
    ["run", "-A", "--no-check", "--config", CONFIG, SELF, "handle", address],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const times: number[] = [];
  let arrived = () => {};
  createInterface({ input: child.stdout }).on("line", (line) => {
    times.push(Number(line));
    arrived();
  });
  await send(provider, () => new Promise((resolve) => arrived = resolve));
  child.stdin.end();
  return times;
}

/** Sends the events, each when the one before it has arrived. */
async function send(
  provider: FullProvider,
  arrival: () => Promise<void>,
): Promise<void> {
  for (let version = 1; version <= WARM_UP + EVENTS; version++) {
    const arrived = arrival();
    // Not in step with whatever polls.
    await setTimeout(Math.random() * 20);
    const events = provider.createEvents("sent", "one", version, [
      { type: "Sent", at: now() },
    ]);
    await provider.append("sent", "one", version, events);
    await arrived;
  }
}

function show(times: number[]): string {
  const sorted = times.slice(WARM_UP).sort((one, other) => one - other);
  const at = (share: number) =>
    sorted[Math.floor((sorted.length - 1) * share)]!.toFixed(1);
  return `${at(0.5)} ms, ${at(0.99)} ms`;
}

/** The same clock in all processes. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
