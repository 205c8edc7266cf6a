/**
 * A process of `sqlite_processes_test.ts`. It races for each of the versions
 * of a few aggregates, and prints what became of its attempts as JSON.
 */
import { setTimeout } from "node:timers/promises";
import process from "node:process";
import { createProvider } from "../providers/sqlite.ts";

const [path, task] = process.argv.slice(2) as [string, string];
const provider = createProvider({ path });

if (task === "race") await race();
if (task === "append") await append();
if (task === "hold") await hold();
if (task === "watch") await watch();

async function race(): Promise<void> {
  const outcomes: Record<string, number> = {};
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const start = performance.now();
  while (performance.now() - start < 1500) {
    const id = `id ${Math.floor(Math.random() * 3)}`;
    const last = await provider.getLastEventFor("accounts", id);
    const version = (last?.version ?? 0) + 1;
    const events = provider.createEvents("accounts", id, version, [
      { type: "First" },
      { type: "Second" },
    ]);
    const outcome = await provider
      .append("accounts", id, version, events)
      .then(() => "won", (error) => `${error.name} ${error.code}`);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (Math.random() < 0.1) {
      await provider.transact(async (tx) => {
        await provider.setPosition("balances", version, { tx });
        await setTimeout(3);
      });
    }
  }
  clearInterval(timer);
  console.log(JSON.stringify({ outcomes, longest }));
  await provider.close();
}

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
