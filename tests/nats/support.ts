import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { NatsProvider } from "../../providers/nats.ts";
import {
  type NatsTestLog,
  natsUrl,
  openNats,
} from "../providers/support/nats.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

/** The long form runs for minutes, and finds what is rare. */
export const isLong: boolean = process.env.EVTSTORE_LONG === "1";

/** Registers a test, unless there is no server, which was said once already. */
export function onNats(
  name: string,
  body: (t: TestContext) => Promise<void>,
): void {
  if (natsUrl) test(name, body);
}

/** A log of the test's own on the server of the tests. */
export async function open(
  t: TestContext,
  options: { timeoutMs?: number } = {},
): Promise<NatsTestLog> {
  const log = await openNats(natsUrl!, options);
  t.after(() => log.drop());
  return log;
}

/** Appends `count` events that carry their own number. */
export async function appendTo(
  provider: NatsProvider<any>,
  aggregateId: string,
  version: number,
  { count = 1, commandId }: { count?: number; commandId?: string } = {},
): Promise<number[]> {
  const events = Array.from({ length: count }, (_, index) => ({
    type: "Counted",
    number: version + index,
  }));
  const stored = await provider.append(
    "counters",
    aggregateId,
    version,
    provider.createEvents("counters", aggregateId, version, events),
    commandId === undefined ? {} : { commandId },
  );
  return stored.map(({ position }) => position);
}

/** "aggregate version". */
export function nameOf(
  { aggregateId, version }: { aggregateId: string; version: number },
): string {
  return `${aggregateId} ${version}`;
}

/** All events of a stream, in their order. */
export async function readAll(
  provider: NatsProvider<any>,
  stream: string,
): Promise<any[]> {
  const all: any[] = [];
  for (let position = 0;;) {
    const page = await provider.getEventsFrom(stream, position);
    all.push(...page);
    if (page.scannedTo !== undefined) return all;
    position = page.at(-1)!.position;
  }
}

/** A process with a provider of its own; see `worker.ts`. */
export type Worker = {
  child: ChildProcess;
  /** The lines that it has printed, but for one that is cut off. */
  lines(): string[];
  /** When each of them came, in milliseconds. */
  times(): number[];
  /** Resolves when it has ended. */
  ended: Promise<void>;
};

/** Starts the worker, and kills it after the test. */
export function startWorker(t: TestContext, ...args: string[]): Worker {
  const child = spawn(
    process.execPath,
    ["run", "-A", "--no-check", "--config", CONFIG, WORKER, ...args],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  t.after(() => child.kill("SIGKILL"));
  let rest = "";
  const lines: string[] = [];
  const times: number[] = [];
  child.stdout.setEncoding("utf8").on("data", (data: string) => {
    const found = (rest + data).split("\n");
    rest = found.pop()!;
    for (const line of found) {
      lines.push(line);
      times.push(performance.now());
    }
  });
  const ended = new Promise<void>((resolve) => {
    child.on("close", () => resolve());
  });
  return { child, lines: () => lines, times: () => times, ended };
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until something is so. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  patience = 60_000,
): Promise<void> {
  const end = performance.now() + patience;
  while (!await isSo()) {
    if (performance.now() > end) throw new Error(`Not in time: ${what}`);
    await sleep(20);
  }
}

/** What is printed of writers, compared with what is stored. */
export type LogCounts = {
  acknowledged: number;
  stored: number;
  /** Acknowledged and not stored. */
  lost: string[];
  /** Versions that are not the next of their aggregate. */
  unordered: string[];
  /** Commits that are stored more than once. */
  duplicated: string[];
};

/** Compares the log with what its writers were told. */
export function compareLog(log: any[], acknowledged: string[]): LogCounts {
  const stored = new Set(log.map(nameOf));
  const versions = new Map<string, number>();
  const commits = new Set<string>();
  const unordered: string[] = [];
  const duplicated: string[] = [];
  for (const one of log) {
    const { aggregateId, version, event } = one;
    if (version !== (versions.get(aggregateId) ?? 0) + 1) {
      unordered.push(nameOf(one));
    }
    versions.set(aggregateId, version);
    const part = `${event.commit} ${event.part}`;
    if (commits.has(part)) duplicated.push(part);
    commits.add(part);
  }
  return {
    acknowledged: acknowledged.length,
    stored: log.length,
    lost: acknowledged.filter((name) => !stored.has(name)),
    unordered,
    duplicated,
  };
}
