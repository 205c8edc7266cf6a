import {
  createAggregate,
  createCommands,
  createDomain,
  StoreError,
  VersionError,
} from "evtstore";
import type { Ledger } from "./ledger.ts";
import { streamOf, type Written } from "./log.ts";
import type { Random } from "./random.ts";
import type { FullProvider } from "./stores/store.ts";
import { sleep } from "./wait.ts";

/** Codes that say that nothing was stored. */
const REFUSALS = new Set([
  "CONNECTION_LOST",
  "LOCK_TIMEOUT",
  "STORE_BUSY",
  "STORE_FULL",
  "TRANSACTION_CONFLICT",
  "TRANSACTION_ENDED",
]);

/** How far writers may be ahead of the handlers, in events. */
const AHEAD = 80;

/**
 * Lets writers go on after a while, and not before handlers keep up: what is
 * waited for at the end is bounded, also on a slow machine.
 */
export async function keepPace(
  ms: number,
  options: {
    ledger: Ledger;
    /** How many events the handlers were given. */
    handled: () => number;
    isOver: () => boolean;
  },
): Promise<void> {
  const { ledger, handled, isOver } = options;
  do await sleep(ms); while (!isOver() && ledger.events - handled() > AHEAD);
}

/** What writers write with. */
export type WriterOptions = {
  provider: FullProvider;
  ledger: Ledger;
  random: Random;
  /** Whether to end. */
  isOver: () => boolean;
  /** Called before each commit. */
  pace: () => Promise<void>;
  /** How many characters to add to each event. @default {0} */
  padding?: number;
};

/**
 * Writes until it is over: two aggregates by `append`, two by commands with an
 * id, which are sent again when their outcome is unknown, and one that two
 * race for.
 */
export async function runWriters(options: WriterOptions): Promise<void> {
  await Promise.all([
    appendTo("a", options),
    appendTo("bb", options),
    command("ccc", options),
    command("dddd", options),
    appendTo("shared", options, "one"),
    appendTo("shared", options, "two"),
  ]);
}

/** Appends after the version that it knows, and reads it again when in doubt. */
async function appendTo(
  id: string,
  options: WriterOptions,
  racer?: string,
): Promise<void> {
  const { provider, ledger, random, isOver, pace } = options;
  const stream = streamOf(id);
  let version = 0;
  // What was sent in vain may be stored later than it is looked for.
  let isAlone = racer === undefined;
  for (let count = 1; !isOver(); count++) {
    await pace();
    const commit = `${id} ${racer ?? ""} ${count}`;
    const events = commitOf(commit, random.between(1, 3), options.padding);
    const stored = provider.createEvents(stream, id, version + 1, events);
    try {
      await provider.append(stream, id, version + 1, stored);
      ledger.note(commit, "acknowledged", events.length);
      version += events.length;
      continue;
    } catch (error) {
      const isUnknown = noteError(ledger, commit, error, isAlone);
      if (isUnknown) isAlone = false;
      if (!(error instanceof VersionError)) await sleep(20);
    }
    version = await untilRead(async () =>
      (await provider.getLastEventFor(stream, id))?.version ?? 0
    );
  }
}

/** Sends commands, each of them until it is known to be stored. */
async function command(id: string, options: WriterOptions): Promise<void> {
  const { provider, ledger, random, isOver, pace, padding } = options;
  const aggregate = createAggregate({
    stream: streamOf(id) as any,
    create: () => ({ parts: 0 }),
    fold: (_event: Written, { parts }) => ({ parts: parts + 1 }),
  });
  const { domain } = createDomain({ provider }, { aggregate });
  const commands = createCommands(domain.aggregate, {
    write: (cmd: { events: Written[] }) => cmd.events,
  });
  for (let count = 1; !isOver(); count++) {
    await pace();
    const commit = `${id} ${count}`;
    const events = commitOf(commit, random.between(1, 3), padding);
    let isInDoubt = false;
    for (let isDone = false; !isDone && !isOver();) {
      try {
        await commands.write(id, { events }, { commandId: commit });
        ledger.note(commit, "acknowledged", events.length);
        isDone = true;
      } catch (error) {
        if (noteError(ledger, commit, error, !isInDoubt)) isInDoubt = true;
        await sleep(20);
      }
    }
  }
}

/** @returns Whether it may be stored. */
function noteError(
  ledger: Ledger,
  commit: string,
  error: unknown,
  isAlone: boolean,
): boolean {
  const code = (error as { code?: unknown }).code;
  ledger.count(typeof code === "string" ? code : `no code: ${error}`);
  if (error instanceof VersionError) {
    if (isAlone) {
      ledger.violations.push(
        `${commit} was refused as a conflict, and nobody else was there: ${error.message}`,
      );
    } else ledger.races++;
    ledger.note(commit, "refused");
    return false;
  }
  if (error instanceof StoreError && error.code === "OUTCOME_UNKNOWN") {
    ledger.note(commit, "unknown");
    return true;
  }
  const isRefusal = error instanceof StoreError && REFUSALS.has(error.code);
  if (!isRefusal) {
    ledger.violations.push(`${commit} failed without a reason: ${error}`);
  }
  ledger.note(commit, isRefusal ? "refused" : "unknown");
  return !isRefusal;
}

/** Reads, whatever is in the way for a while. */
async function untilRead<T>(read: () => Promise<T>): Promise<T> {
  const end = performance.now() + 60_000;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (performance.now() > end) throw error;
      await sleep(20);
    }
  }
}

/** The events of a commit. */
export function commitOf(
  commit: string,
  parts: number,
  padding = 0,
): Written[] {
  return Array.from({ length: parts }, (_, index) => ({
    type: "Written",
    commit,
    part: index + 1,
    parts,
    ...(padding > 0 ? { padding: "x".repeat(padding) } : {}),
  }));
}
