import { streamOf } from "./log.ts";
import { openEvtstore12 } from "./plain/evtstore_12.ts";
import { openPlain } from "./plain/plain.ts";
import type { FullProvider, Store } from "./stores/store.ts";
import { sleep } from "./wait.ts";
import { commitOf } from "./writers.ts";

/** How much of what is written in a transaction is rolled back. */
const ROLLED_BACK = 0.05;
/** The most that a writer waits at a time, in milliseconds. */
const STALL = 6;
/** The most that one waits between transactions where it locks out others. */
const LOCKING_PAUSE = 30;
/** Somebody was in the way for too long, and nothing was stored. */
const BUSY = new Set(["LOCK_TIMEOUT", "STORE_BUSY", "TRANSACTION_CONFLICT"]);

/** What writers have done. */
export type WrittenCounts = {
  /** Events that are stored. */
  written: number;
  /** Transactions that were rolled back on purpose. */
  rolledBack: number;
  /** Transactions that others were in the way of. */
  refused: number;
};

/** What a writer writes with, to an aggregate that is its own. */
export type StallingOptions = {
  address: string;
  store: Store;
  id: string;
  counts: WrittenCounts;
  isOver: () => boolean;
};

/** Writes until it is over. */
export type StallingWriter = (options: StallingOptions) => Promise<void>;

/** All writers, by their names. */
export const stallingWriters: Record<string, StallingWriter> = {
  append: (options) => append(options, options.store.provider),
  transact,
  plain,
  "evtstore 12": evtstore12,
  folding,
};

/** A pause, with the others at work. */
export function stall(): Promise<void> {
  return sleep(Math.random() * STALL);
}

/** A pause between transactions. */
function pause(address: string): Promise<void> {
  return address.startsWith("sqlite")
    ? sleep(Math.random() * LOCKING_PAUSE)
    : stall();
}

/** Runs `work`, and waits where others are in the way. */
export async function unlessBusy(
  counts: WrittenCounts,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!BUSY.has((error as { code: string }).code)) throw error;
    counts.refused++;
    return false;
  }
}

/** Stores 1 to 3 events at once. */
export async function appendCommit(
  provider: Pick<FullProvider, "append" | "createEvents">,
  id: string,
  version: number,
  tx?: unknown,
): Promise<Awaited<ReturnType<FullProvider["append"]>>> {
  const stream = streamOf(id);
  const events = commitOf(
    `${id} ${version}`,
    1 + Math.floor(Math.random() * 3),
  );
  return await provider.append(
    stream,
    id,
    version,
    provider.createEvents(stream, id, version, events),
    tx === undefined ? {} : { tx },
  );
}

async function append(
  { id, counts, isOver }: StallingOptions,
  provider: Pick<FullProvider, "append" | "createEvents">,
): Promise<void> {
  for (let version = 1; !isOver();) {
    await unlessBusy(counts, async () => {
      const { length } = await appendCommit(provider, id, version);
      version += length;
      counts.written += length;
    });
    await stall();
  }
}

/** One who has a server without transactions. */
async function folding(options: StallingOptions): Promise<void> {
  const { openFolding } = await import("./plain/folding.ts");
  const { provider, close } = openFolding(options.address);
  await append(options, provider);
  await close();
}

class RolledBack extends Error {}

/** One or two commits in a transaction that takes its time. */
async function transact(
  { address, store: { provider }, id, counts, isOver }: StallingOptions,
): Promise<void> {
  for (let version = 1; !isOver();) {
    const mayCommit = Math.random() >= ROLLED_BACK;
    const commits = 1 + Math.floor(Math.random() * 2);
    let next = version;
    const work = () =>
      provider.transact(async (tx) => {
        next = version;
        for (let commit = 0; commit < commits; commit++) {
          await stall();
          next += (await appendCommit(provider, id, next, tx)).length;
        }
        await stall();
        if (!mayCommit) throw new RolledBack();
      });
    await unlessBusy(counts, async () => {
      try {
        await work();
        counts.written += next - version;
        version = next;
      } catch (error) {
        if (!(error instanceof RolledBack)) throw error;
        counts.rolledBack++;
      }
    });
    await pause(address);
  }
}

/** One who does not have this library. */
async function plain(
  { address, id, counts, isOver }: StallingOptions,
): Promise<void> {
  const { write, close } = await openPlain(address);
  const stream = streamOf(id);
  for (let version = 1; !isOver();) {
    const event = JSON.stringify(commitOf(`${id} ${version}`, 1)[0]);
    const mayCommit = Math.random() >= ROLLED_BACK;
    const row = { stream, aggregateId: id, version, event };
    await write!(row, stall, mayCommit);
    if (mayCommit) {
      version++;
      counts.written++;
    } else counts.rolledBack++;
    await pause(address);
  }
  await close();
}

/** One who has the version before this one. */
async function evtstore12(
  { address, id, counts, isOver }: StallingOptions,
): Promise<void> {
  const { append, close } = openEvtstore12(address);
  for (let version = 1; !isOver(); version++) {
    await append(
      streamOf(id),
      id,
      version,
      commitOf(`${id} ${version}`, 1)[0]!,
    );
    counts.written++;
    await stall();
  }
  await close();
}
