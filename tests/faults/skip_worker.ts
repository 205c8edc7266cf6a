/**
 * A process with some of the writers of the skip test:
 *
 *     skip_worker.ts ADDRESS NAME WRITER...
 *
 * It is told "go", at which they begin, and "hold" and "release", between which
 * it holds a transaction open with an event in it.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { orderOf } from "./log.ts";
import { openStore } from "./open_store.ts";
import {
  appendCommit,
  stallingWriters,
  unlessBusy,
  type WrittenCounts,
} from "./stalling_writers.ts";

const [address = "", name = "", ...writers] = process.argv.slice(2);
const counts: WrittenCounts = { written: 0, rolledBack: 0, refused: 0 };
const store = await openStore(address);
const working: Promise<void>[] = [];
const released = Promise.withResolvers<void>();
let isOver = false;

function start(): void {
  for (const [index, writer] of writers.entries()) {
    // One of two streams each.
    const id = `${name}${"-".repeat(index % 2)}${index}`;
    const options = { address, store, id, counts, isOver: () => isOver };
    working.push(stallingWriters[writer]!(options));
  }
}

async function hold(): Promise<void> {
  const { provider } = store;
  for (let isDone = false; !isDone;) {
    isDone = await unlessBusy(counts, async () => {
      const events = await provider.transact(async (tx) => {
        const events = await appendCommit(provider, "held", 1, tx);
        console.log(`held ${orderOf(events[0]!.position)}`);
        await released.promise;
        return events;
      });
      counts.written += events.length;
    });
  }
  console.log("committed");
}

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "go") start();
  if (line === "hold") working.push(hold());
  if (line === "release") released.resolve();
}
isOver = true;
await Promise.all(working);
await store.close();
console.log(JSON.stringify(counts));
