/** A process of `sqlite_processes_test.ts`. It does one thing, and ends. */
import { setTimeout } from "node:timers/promises";
import process from "node:process";
import { createProvider } from "../providers/sqlite.ts";

const [path, task] = process.argv.slice(2) as [string, string];
const provider = createProvider({ path });

if (task === "append") await append();
if (task === "hold") await hold();
if (task === "watch") await watch();

async function append(): Promise<void> {
  const events = provider.createEvents("accounts", "ada", 1, [{
    type: "Opened",
  }]);
  await provider.append("accounts", "ada", 1, events);
  await provider.close();
}

async function hold(): Promise<void> {
  await provider.transact(async () => {
    console.log("holding");
    await setTimeout(300);
  });
  await provider.close();
}

// It ends by itself: a watcher keeps no process alive.
async function watch(): Promise<void> {
  provider.watch(() => {});
  await provider.getPosition("balances");
}
