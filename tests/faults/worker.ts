/**
 * A process that runs both handlers until its input ends:
 *
 *     worker.ts ADDRESS LOG [FAULT | pause FOLDER [FAULT]]
 *
 * It adds a line to the file LOG for each event that it is given, before
 * anything else: "plain LINE" or "transactional LINE", and "transaction NAME"
 * where the server would not notice that this process is gone.
 */
import { appendFileSync } from "node:fs";
import process from "node:process";
import { plantFault } from "./faults.ts";
import { type Callbacks, createHandlers } from "./handlers.ts";
import { openStore } from "./open_store.ts";
import { createPauses } from "./pause_process.ts";
import { sleep } from "./wait.ts";

const [address = "", path = "", ...rest] = process.argv.slice(2);
const isPausing = rest[0] === "pause";
const fault = isPausing ? rest[2] : rest[0];
const store = await openStore(address, {
  onError: (error) => console.error(String(error)),
});
const pauses = isPausing ? createPauses(rest[1]!) : undefined;
const names = new Set<string>();

const callbacks: Callbacks = {
  async plain(line) {
    appendFileSync(path, `plain ${line}\n`);
    await pauses?.atPlain();
    await sleep(Math.random() * 3);
  },
  async transactional(line, tx) {
    const name = store.nameOf?.(tx);
    if (name !== undefined && !names.has(name)) {
      names.add(name);
      appendFileSync(path, `transaction ${name}\n`);
    }
    appendFileSync(path, `transactional ${line}\n`);
    pauses?.inTransaction();
    await sleep(Math.random() * 3);
  },
};

let provider = store.provider;
if (fault !== undefined) provider = plantFault(fault, provider);
if (pauses) provider = pauses.watchTransactions(provider);
const handlers = createHandlers(store, callbacks, provider);
handlers.start();
for await (const _ of process.stdin) {
  // Until its end.
}
await handlers.stop();
await store.close();
