/**
 * A process that works on a handler with shards until its input ends:
 *
 *     shard_worker.ts ADDRESS LOG BOOKMARK NAME SHARDS SLEEP_MS BUSY_MS
 *
 * It adds a line "NAME EVENT" to the file LOG when it has handled an event. All
 * processes write to one file, so its order is that of all of them. With 0
 * SHARDS the handler has none.
 */
import { appendFileSync } from "node:fs";
import process from "node:process";
import { createHandler, type EventMeta } from "evtstore";
import { lineOf, STREAMS, type Written } from "./log.ts";
import { openStore } from "./open_store.ts";
import { sleep } from "./wait.ts";

const [address = "", path = "", bookmark = "", name = "", ...numbers] = process
  .argv.slice(2);
const [shards = 0, sleepMs = 0, busyMs = 0] = numbers.map(Number);
const store = await openStore(address, {
  onError: (error) => console.error(String(error)),
});
const handler = createHandler<{ [stream: string]: Written }>({
  bookmark,
  streams: STREAMS,
  provider: store.provider,
  poll: 100,
  ...shards > 0 && { shards },
});
for (const stream of STREAMS) {
  handler.handle(stream, "Written", async (_id, _event, meta: EventMeta) => {
    if (sleepMs > 0) await sleep(sleepMs);
    const end = performance.now() + busyMs;
    while (performance.now() < end);
    appendFileSync(path, `${name} ${lineOf(meta)}\n`);
  });
}
handler.start();
console.log("ready");
for await (const _ of process.stdin) {
  // Until its end.
}
await handler.stop();
await store.close();
console.log("{}");
