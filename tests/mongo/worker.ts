/**
 * One of several processes on one database:
 *
 *     worker.ts URL write NAME MILLISECONDS   stores events, in many ways
 *     worker.ts URL race NAME                 appends to what others append to
 *     worker.ts URL hold                      stops inside a transaction
 *     worker.ts URL acknowledge NAME          prints each event that is stored
 */
import process from "node:process";
import { MongoClient } from "npm:mongodb@7";
import { StoreError, VersionError } from "evtstore";
import { createProvider } from "../../providers/mongo.ts";
import { collectionsOf } from "../providers/support/mongo.ts";

const [url = "", task = "", name = "", argument = ""] = process.argv.slice(2);
const client = new MongoClient(url);
const collections = collectionsOf(client.db());
const provider = createProvider({ ...collections, onError: () => {} });
const folding = createProvider({
  ...collections,
  onError: () => {},
  transactions: false,
});

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function append(
  stream: string,
  id: string,
  version: number,
  { count = 1, tx, by = provider }: {
    count?: number;
    tx?: any;
    by?: typeof provider;
  } = {},
): Promise<void> {
  const events = Array.from({ length: count }, () => ({ type: "Written" }));
  await by.append(
    stream,
    id,
    version,
    by.createEvents(stream, id, version, events),
    tx === undefined ? {} : { tx },
  );
}

/** @returns How many events it has stored. */
async function write(writer: number): Promise<number> {
  const end = performance.now() + Number(argument);
  const stream = writer % 2 ? "odd" : "even";
  const id = `${name} ${writer}`;
  let version = 1;
  while (performance.now() < end) {
    const count = 1 + Math.floor(Math.random() * 3);
    const chance = Math.random();
    if (chance < 0.7) {
      const by = chance < 0.2 ? folding : provider;
      await append(stream, id, version, { count, by });
      version += count;
    } else {
      const isAborted = chance > 0.95;
      const stored = await provider.transact(async (tx) => {
        await append(stream, id, version, { count, tx });
        // Others wait for it meanwhile.
        await sleep(Math.random() * 6);
        if (isAborted) throw new Error("aborted");
        return count;
      }).catch((error) => {
        // Of many others, somebody may be in its way for too long.
        const isOver = error.message === "aborted" ||
          error.code === "TRANSACTION_CONFLICT";
        if (!isOver) throw error;
        return 0;
      });
      version += stored;
    }
    await sleep(Math.random() * 4);
  }
  return version - 1;
}

/** @returns How often it has won. */
async function race(): Promise<number> {
  let won = 0;
  for (let round = 1; round <= 12; round++) {
    for (const id of ["first", "second"]) {
      const last = await provider.getLastEventFor("races", id);
      const version = (last?.version ?? 0) + 1;
      await append("races", id, version).then(() => won++, (error) => {
        if (!(error instanceof VersionError)) throw error;
      });
    }
  }
  return won;
}

/** Goes on for ever, whatever happens to the server. */
async function acknowledge(writer: number): Promise<void> {
  const id = `${name} ${writer}`;
  const count = 1 + writer % 2;
  for (let version = 1;;) {
    try {
      if (writer < 3) await append("counters", id, version, { count });
      else {
        await provider.transact((tx) =>
          append("counters", id, version, { count, tx })
        );
      }
      for (let at = version; at < version + count; at++) {
        console.log(`counters ${id} ${at}`);
      }
      version += count;
    } catch (error) {
      const isExpected = error instanceof StoreError ||
        error instanceof VersionError;
      if (!isExpected) throw error;
      await sleep(50);
      const last = await provider.getLastEventFor("counters", id)
        .catch(() => undefined);
      version = (last?.version ?? version - 1) + 1;
    }
  }
}

switch (task) {
  case "write": {
    const counts = await Promise.all([0, 1, 2, 3].map(write));
    console.log(counts.reduce((sum, count) => sum + count));
    break;
  }
  case "race":
    console.log((await Promise.all([race(), race()])).reduce((a, b) => a + b));
    break;
  case "hold":
    await provider.transact(async (tx) => {
      await append("held", "held", 1, { count: 2, tx });
      console.log("inside");
      await sleep(600_000);
    });
    break;
  case "acknowledge":
    await Promise.all([0, 1, 2, 3].map(acknowledge));
}
await client.close();
