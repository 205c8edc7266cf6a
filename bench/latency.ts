/**
 * How long an append takes, and how long it takes from its call of `append` to a handler's callback, by the
 * provider that appends and by another one with connections of its own, as
 * another process has. Handlers poll once a minute, so only wake-ups count.
 *
 *     deno run -A bench/latency.ts [part of a name] …
 */
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { createHandler, MemoryBookmark } from "evtstore";
import type { Provider } from "../core/provider.ts";
import {
  everywhere,
  type Somewhere,
} from "../tests/providers/support/everywhere.ts";

const SAMPLES = 100;

const parts = process.argv.slice(2);
const chosen = everywhere.filter(({ name }) =>
  parts.length === 0 || parts.some((part) => name.includes(part))
);
console.log(
  row("ms", "append p50", "own p50", "own p99", "other p50", "other p99"),
);
for (const somewhere of chosen) console.log(await measure(somewhere));
process.exit();

async function measure({ name, fixture }: Somewhere): Promise<string> {
  const opened = await fixture.open();
  try {
    const own = await sample(opened.provider, opened.provider);
    const other = opened.another
      ? await sample(opened.provider, await opened.another())
      : [];
    const appends = await timeAppends(opened.provider);
    return row(
      name,
      at(appends, 0.5),
      at(own, 0.5),
      at(own, 0.99),
      at(other, 0.5),
      at(other, 0.99),
    );
  } finally {
    await opened.close();
  }
}

/** Appends that nobody handles. */
async function timeAppends(provider: Provider<any>): Promise<number[]> {
  const stream = crypto.randomUUID();
  const times: number[] = [];
  for (let version = 1; version <= SAMPLES; version++) {
    await setTimeout(10);
    const start = performance.now();
    const events = provider.createEvents(stream, "one", version, [
      { type: "Sent", at: start },
    ]);
    await provider.append(stream, "one", version, events);
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b);
}

/** What one provider appends is handled by a handler of another one. */
async function sample(
  appending: Provider<any>,
  handling: Provider<any>,
): Promise<number[]> {
  const stream = crypto.randomUUID();
  const times: number[] = [];
  let handled = Promise.withResolvers<void>();
  const handler = createHandler({
    bookmark: MemoryBookmark,
    streams: [stream],
    provider: handling,
    poll: 60_000,
    tailStream: true,
  });
  handler.handleStream(stream, {
    Sent: async (_id: string, { at }: any) => {
      times.push(performance.now() - at);
      handled.resolve();
    },
  });
  handler.start();
  // The first look of a poller, and connections that are still opened.
  await setTimeout(1000);
  for (let version = 1; version <= SAMPLES; version++) {
    // Not in step with a poller.
    await setTimeout(20 + Math.random() * 100);
    handled = Promise.withResolvers();
    const events = appending.createEvents(stream, "one", version, [
      { type: "Sent", at: performance.now() },
    ]);
    await appending.append(stream, "one", version, events);
    await Promise.race([handled.promise, setTimeout(5000)]);
  }
  await handler.stop();
  while (times.length < SAMPLES) times.push(Infinity);
  return times.toSorted((a, b) => a - b);
}

function at(times: number[], part: number): string {
  const time = times[Math.floor(times.length * part)];
  return time === undefined ? "" : time.toFixed(1);
}

function row(name: string, ...columns: string[]): string {
  return [name.padEnd(30), ...columns.map((text) => text.padStart(10))].join(
    "",
  );
}
