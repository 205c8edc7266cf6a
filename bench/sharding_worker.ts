/** A process of sharding.ts, until its input ends or it is killed. */
import { openSync, writeSync } from "node:fs";
import process from "node:process";
import { createHandler } from "evtstore";
import { openStore } from "../tests/faults/open_store.ts";
import {
  BOOKMARK,
  type Happened,
  now,
  STREAM,
  waitFor,
} from "./sharding_work.ts";

const [address = "", path = "", shards, ms, connections] = process.argv.slice(
  2,
);
const file = openSync(path, "a");
const store = await openStore(address, {
  onError: (error) => console.error(error),
});
const handler = createHandler<{ [STREAM]: Happened }>({
  bookmark: BOOKMARK,
  streams: [STREAM],
  provider: store.provider,
  shards: Number(shards),
});
const wait = waitFor(Number(ms), Number(connections));
handler.handle(STREAM, "Happened", async (_id, { n }) => {
  const took = await wait();
  // A line at a time, so that a kill takes none that was handled.
  writeSync(file, `${n} ${now()} ${took}\n`);
});
handler.start();
console.log("ready");
for await (const _ of process.stdin) {
  // Nobody says anything.
}
await handler.stop();
await store.close();
console.log("null");
process.exit();
