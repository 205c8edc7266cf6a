/**
 * A process of the race test, with two racers:
 *
 *     race_worker.ts ADDRESS NAME
 *
 * It is told "go", and races until its input ends: each racer reads the version
 * of an aggregate, and appends to it.
 */
import { VersionError } from "evtstore";
import process from "node:process";
import { createInterface } from "node:readline";
import { setImmediate } from "node:timers/promises";
import { streamOf } from "./log.ts";
import { openStore } from "./open_store.ts";
import { AGGREGATES, type RaceResult } from "./races.ts";
import { commitOf } from "./writers.ts";

const [address = "", name = ""] = process.argv.slice(2);
const { provider, close } = await openStore(address);
const result: RaceResult = { won: [], lost: [], others: {} };
let isOver = false;

async function race(racer: string): Promise<void> {
  for (let count = 1; !isOver; count++) {
    // With a synchronous driver nothing else lets the process be told to end.
    await setImmediate();
    const id = AGGREGATES[Math.floor(Math.random() * AGGREGATES.length)]!;
    const stream = streamOf(id);
    const last = await provider.getLastEventFor(stream, id);
    const version = (last?.version ?? 0) + 1;
    const commit = `${racer} ${count}`;
    const parts = 1 + count % 2;
    const events = provider.createEvents(
      stream,
      id,
      version,
      commitOf(commit, parts),
    );
    try {
      await (count % 3 > 0 || !("transact" in provider)
        ? provider.append(stream, id, version, events)
        : provider.transact((tx) =>
          provider.append(stream, id, version, events, { tx })
        ));
      result.won.push({ commit, events: parts });
    } catch (error) {
      if (error instanceof VersionError) {
        result.lost.push({ commit, version: `${id} ${version}` });
        continue;
      }
      const { code } = error as { code?: unknown };
      const text = typeof code === "string" ? code : String(error);
      result.others[text] = (result.others[text] ?? 0) + 1;
    }
  }
}

console.log("ready");
const racing: Promise<void>[] = [];
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "go") racing.push(race(`${name}1`), race(`${name}2`));
}
isOver = true;
await Promise.all(racing);
await close();
console.log(JSON.stringify(result));
