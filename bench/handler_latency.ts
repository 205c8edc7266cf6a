/**
 * From the call of `append` to a handler's callback: how long an event takes,
 * to a handler of the same process and to one of another.
 */
import { createHandler } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createPlace,
  type FaultDatabase,
  findFaultDatabases,
} from "../tests/faults/databases.ts";
import { openStore } from "../tests/faults/open_store.ts";
import type { FullProvider } from "../tests/faults/stores/store.ts";
import { TaskProcess } from "../tests/faults/task_process.ts";

const EVENTS = 200;
/** The first look of a poller, and connections that are still opened. */
const WARM_UP = 20;
const STREAM = "sent";

/** An event, and when its append was called. */
type Sent = { type: "Sent"; at: number };

/** A handler that an event comes to, wherever it is. */
type Receiver = {
  /** Resolves when it has the event: how long that took, in milliseconds. */
  hear(version: number): Promise<number>;
  end(): Promise<void>;
};

/**
 * Measures each database that there is, one after the other.
 *
 * @param only What the name of a database begins with, in any case.
 */
export async function runHandlerLatency(
  only: string,
  say: (line: string) => void,
): Promise<void> {
  const isChosen = (name: string) =>
    name.toLowerCase().startsWith(only.toLowerCase());
  say(toRow("", ["one process", "", "two processes", ""]));
  say(toRow("ms", ["median", "p99", "median", "p99"]));
  if (isChosen("memory")) {
    const provider = createProvider() as unknown as FullProvider;
    say(
      toRow("memory", toColumns(await send(provider, receiveHere(provider)))),
    );
  }
  for (const database of (await findFaultDatabases()).flatMap(withNotify)) {
    if (!isChosen(database.name)) continue;
    const one = await measure(
      database,
      async ({ provider }) => receiveHere(provider),
    );
    const two = await measure(database, receiveElsewhere);
    say(toRow(database.name, [...toColumns(one), ...toColumns(two)]));
  }
}

/** Starts a handler that tells how long each event took. */
export function receive(
  provider: FullProvider,
  onEvent: (version: number, ms: number) => void,
): { stop(): Promise<void> } {
  const handler = createHandler<{ [STREAM]: Sent }>({
    bookmark: "latency",
    streams: [STREAM],
    provider,
  });
  handler.handle(STREAM, "Sent", async (_id, { at }, { version }) => {
    onEvent(version, now() - at);
  });
  handler.start();
  return handler;
}

type Measured = FaultDatabase & { notify?: boolean };
type Opened = { provider: FullProvider; address: string; notify: boolean };

/** PostgreSQL can also announce what was appended. */
function withNotify(database: FaultDatabase): Measured[] {
  if (!database.scheme.startsWith("postgres")) return [database];
  const name = `${database.name}, notify`;
  return [database, { ...database, name, notify: true }];
}

async function measure(
  { notify = false, ...database }: Measured,
  open: (opened: Opened) => Promise<Receiver>,
): Promise<number[]> {
  const { address, remove } = await createPlace(database);
  const store = await openStore(address, { notify });
  try {
    const { provider } = store;
    return await send(provider, await open({ provider, address, notify }));
  } finally {
    await store.close();
    await remove();
  }
}

function receiveHere(provider: FullProvider): Receiver {
  const arrivals = new Map<number, PromiseWithResolvers<number>>();
  const arrivalOf = (version: number) => {
    const arrival = arrivals.get(version) ?? Promise.withResolvers<number>();
    arrivals.set(version, arrival);
    return arrival;
  };
  const handler = receive(
    provider,
    (version, ms) => arrivalOf(version).resolve(ms),
  );
  return {
    hear: (version) => arrivalOf(version).promise,
    end: () => handler.stop(),
  };
}

async function receiveElsewhere(
  { address, notify }: Opened,
): Promise<Receiver> {
  const script = new URL("handler_latency_worker.ts", import.meta.url).href;
  const child = new TaskProcess<null>(script, [
    address,
    ...notify ? ["notify"] : [],
  ]);
  await child.hear("ready");
  return {
    hear: async (version) => Number(await child.hear(`${version} `)),
    end: async () => void await child.finish().finally(() => child.remove()),
  };
}

/** Sends the events, each when the one before it has arrived. */
async function send(
  provider: FullProvider,
  receiver: Receiver,
): Promise<number[]> {
  const times: number[] = [];
  try {
    for (let version = 1; version <= WARM_UP + EVENTS; version++) {
      // Not in step with a poller, of which the slowest looks each 100 ms.
      await sleep(20 + Math.random() * 100);
      const events = provider.createEvents(STREAM, "one", version, [
        { type: "Sent", at: now() },
      ]);
      await provider.append(STREAM, "one", version, events);
      times.push(await receiver.hear(version));
    }
  } finally {
    await receiver.end();
  }
  return times.slice(WARM_UP).sort((one, other) => one - other);
}

/** The same clock in all processes. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function toColumns(sorted: number[]): string[] {
  return [0.5, 0.99].map((share) =>
    sorted[Math.floor((sorted.length - 1) * share)]!.toFixed(1)
  );
}

function toRow(name: string, columns: string[]): string {
  return `${name.padEnd(36)}${
    columns.map((text) => text.padStart(15)).join("")
  }`;
}
