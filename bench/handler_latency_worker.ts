/** The other process of handler_latency.ts, until its input ends. */
import process from "node:process";
import { openStore } from "../tests/faults/open_store.ts";
import { receive } from "./handler_latency.ts";

const [address = "", notify] = process.argv.slice(2);
const store = await openStore(address, { notify: notify !== undefined });
const handler = receive(
  store.provider,
  (version, ms) => console.log(`${version} ${ms}`),
);
console.log("ready");
for await (const _ of process.stdin) {
  // Nobody says anything.
}
await handler.stop();
await store.close();
console.log("null");
process.exit();
