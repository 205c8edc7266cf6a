/**
 * One of several processes on one database:
 *
 *     worker.ts URL hold               stops inside a transaction
 *     worker.ts URL acknowledge NAME   prints each event that is stored
 */
import process from "node:process";
import { MongoClient } from "npm:mongodb@7";
import { StoreError, VersionError } from "evtstore";
import { createProvider } from "../../providers/mongo.ts";
import { collectionsOf } from "../providers/support/mongo.ts";

const [url = "", task = "", name = ""] = process.argv.slice(2);
const client = new MongoClient(url);
const collections = collectionsOf(client.db());
const provider = createProvider({ ...collections, onError: () => {} });
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function append(
  stream: string,
  id: string,
  version: number,
  { count, tx }: { count: number; tx?: any },
): Promise<void> {
  const events = Array.from({ length: count }, () => ({ type: "Written" }));
  await provider.append(
    stream,
    id,
    version,
    provider.createEvents(stream, id, version, events),
    tx === undefined ? {} : { tx },
  );
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
