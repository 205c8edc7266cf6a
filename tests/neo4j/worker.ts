/**
 * A process with a provider of its own:
 *
 *     worker.ts URL EVENTS BOOKMARKS hold MS         stops inside a transaction
 *     worker.ts URL EVENTS BOOKMARKS write NAME      prints what it has stored
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { StoreError, VersionError } from "evtstore";
import { createProvider } from "../../providers/neo4j.ts";
import { appendTo, openDriver } from "../providers/support/neo4j.ts";

const [url = "", events = "", bookmarks = "", task = "", argument = ""] =
  process.argv.slice(2);
const provider = createProvider({
  client: openDriver(url),
  events,
  bookmarks,
  transactionTimeoutMs: task === "hold" ? Number(argument) : 30_000,
  onError: () => {},
});

/** Goes on for ever, whatever happens to the server. */
async function write(writer: number): Promise<void> {
  const id = `${argument} ${writer}`;
  const count = 1 + writer % 3;
  for (let version = 1;;) {
    try {
      if (writer % 2 === 0) {
        await appendTo(provider, "s", id, version, count);
      } else {
        await provider.transact((tx) =>
          appendTo(provider, "s", id, version, count, { tx })
        );
      }
      for (let at = version; at < version + count; at++) {
        console.log(`stored ${id} ${at}`);
      }
      version += count;
    } catch (error) {
      const isExpected = error instanceof StoreError ||
        error instanceof VersionError;
      if (!isExpected) throw error;
      await sleep(50);
      const last = await provider.getLastEventFor("s", id).catch(() => {});
      version = (last?.version ?? version - 1) + 1;
    }
  }
}

if (task === "hold") {
  await provider.transact(async (tx) => {
    await appendTo(provider, "s", "held", 1, 1, { tx });
    console.log("inside");
    await sleep(600_000);
  });
} else await Promise.all([0, 1, 2, 3].map(write));
