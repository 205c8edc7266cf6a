import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { MongoClient } from "npm:mongodb@7";
import {
  createProvider,
  migrate,
  type MongoProvider,
  type Options,
} from "../../providers/mongo.ts";
import {
  collectionsOf,
  type MongoTestDatabase,
  mongoUrl,
  openMongo,
} from "../providers/support/mongo.ts";

import type { PrivateServer } from "./private_server.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

/** Registers a test, unless there is no server, which was said once already. */
export function onMongo(
  name: string,
  body: (t: TestContext) => Promise<void>,
): void {
  if (mongoUrl) test(name, body);
}

/** The long form runs for minutes, and finds what is rare. */
export const isLong: boolean = process.env.EVTSTORE_LONG === "1";

/** A provider on collections of its own. */
export type Opened = MongoTestDatabase & ReturnType<typeof collectionsOf> & {
  provider: MongoProvider<any, any>;
};

/** Opens a database of the test's own, drops it after, and migrates it. */
export async function open(
  t: TestContext,
  options: Partial<Options> = {},
  server?: PrivateServer,
): Promise<Opened> {
  const opened = openEmpty(t, server);
  const { events, bookmarks } = opened;
  await migrate(events, bookmarks);
  return {
    ...opened,
    provider: createProvider({
      events,
      bookmarks,
      onError: () => {},
      ...options,
    }),
  };
}

/** Opens a database of the test's own, and drops it after. */
export function openEmpty(
  t: TestContext,
  server?: PrivateServer,
): Omit<Opened, "provider"> {
  const opened = openMongo(MongoClient, server?.url ?? mongoUrl!);
  if (server) server.closing.push(opened.close);
  else t.after(() => opened.drop());
  return { ...opened, ...collectionsOf(opened.database) };
}

/** Appends `count` events that carry their own number. */
export async function appendTo(
  provider: MongoProvider<any, any>,
  aggregateId: string,
  version: number,
  { count = 1, ...options }: { count?: number; tx?: any; commandId?: string } =
    {},
): Promise<any[]> {
  const events = Array.from({ length: count }, (_, index) => ({
    type: "Counted",
    number: version + index,
  }));
  const stored = await provider.append(
    "counters",
    aggregateId,
    version,
    provider.createEvents("counters", aggregateId, version, events),
    options,
  );
  return stored.map(({ position }) => position);
}

/** A reader that never stops, as a handler is. */
export class Tail {
  /** What it saw, in its order: "stream id version". */
  readonly seen: string[] = [];
  #provider: MongoProvider<any, any>;
  #streams: string[];
  #position: any;

  constructor(provider: MongoProvider<any, any>, ...streams: string[]) {
    this.#provider = provider;
    this.#streams = streams;
  }

  /** Reads to the end. */
  async read(): Promise<void> {
    for (;;) {
      const page = await this.#provider.getEventsFrom(
        this.#streams,
        this.#position,
        100,
      );
      this.seen.push(...page.map(nameOf));
      this.#position = page.scannedTo ?? page.at(-1)?.position;
      if (page.scannedTo !== undefined) return;
    }
  }

  /** Reads again and again, and once more when `work` is over. */
  async readWhile(work: Promise<unknown>): Promise<void> {
    let isOver = false;
    work.catch(() => {}).finally(() => isOver = true);
    while (!isOver) await this.read();
    await work;
    await this.read();
  }
}

/** "stream id version". */
export function nameOf(
  { stream, aggregateId, version }: {
    stream: string;
    aggregateId: string;
    version: number;
  },
): string {
  return `${stream} ${aggregateId} ${version}`;
}

/** A process with a provider of its own; see `worker.ts`. */
export type Worker = {
  child: ChildProcess;
  /** What it printed, when it has ended well. */
  output: Promise<string>;
  /** The lines that it has printed, but for one that is cut off. */
  lines(): string[];
  /** Resolves when it has printed this. */
  says(text: string): Promise<void>;
};

/** Starts the worker, and kills it after the test. */
export function startWorker(t: TestContext, ...args: string[]): Worker {
  const child = spawn(
    process.execPath,
    ["run", "-A", "--no-check", "--config", CONFIG, WORKER, ...args],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  t.after(() => child.kill("SIGKILL"));
  let printed = "";
  const waiting = new Map<string, () => void>();
  child.stdout.on("data", (data) => {
    printed += data;
    for (const [text, resolve] of waiting) {
      if (printed.includes(text)) resolve();
    }
  });
  const output = new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(printed);
      else reject(new Error(`Worker ${args[1]} ended with ${signal ?? code}`));
    });
  });
  // A test that kills it does not await it.
  output.catch(() => {});
  return {
    child,
    output,
    lines: () => printed.split("\n").slice(0, -1),
    says: (text) =>
      new Promise((resolve) => {
        waiting.set(text, resolve);
        if (printed.includes(text)) resolve();
      }),
  };
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A promise that somebody else resolves. */
export function createGate(): { open: () => void; opened: Promise<void> } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => open = resolve);
  return { open, opened };
}

/** An object of the driver, with some members of our own. */
export function overriding<T extends object>(
  target: T,
  members: Record<string, unknown>,
): T {
  return new Proxy(target, {
    get(_, name: string) {
      if (name in members) return members[name];
      const value = (target as Record<string, unknown>)[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
