import { StoreError } from "evtstore";
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createProvider, migrate } from "../../providers/neo4j.ts";
import { run, runOrThrow } from "../../scripts/databases/command.ts";
import { neo4j } from "../../scripts/databases/neo4j.ts";
import { isLong, openDriver, ownLabels } from "../providers/support/neo4j.ts";
import {
  type PrivateServer,
  withPrivateServer,
} from "../providers/support/private_server.ts";

const timeout = 30_000;
/** A server that has just started is slow: its first queries may take too long. */
const TRIES = 20;

// The server takes its time to start, twice.
if (isLong) {
  test("a full disk loses nothing that was acknowledged, and stores no half of a commit", async (t) => {
    const disk = { folder: "", problem: "" };
    const prepare = async (folder: string) => {
      disk.folder = join(folder, "data");
      mkdirSync(disk.folder);
      const { code, output } = await run(
        "mount",
        ["-t", "tmpfs", "-o", "size=6m", "tmpfs", disk.folder],
        { timeout },
      );
      if (code !== 0) disk.problem = output;
    };
    await withPrivateServer(neo4j, { prepare }, async (server) => {
      if (disk.problem) return t.diagnostic(`No small disk: ${disk.problem}`);
      try {
        await fillDisk(server, disk.folder);
      } finally {
        await server.stop("SIGKILL");
        await runOrThrow("umount", ["--lazy", disk.folder], { timeout });
      }
    });
  });
}

async function fillDisk(server: PrivateServer, disk: string): Promise<void> {
  const client = openDriver(server.url);
  const tables = { client, ...ownLabels() };
  await migrate(tables);
  const provider = createProvider(tables);
  let acknowledged = 0;
  const append = async () => {
    const events = provider.createEvents(
      "s",
      "one",
      acknowledged + 1,
      ["first", "second"].map((part) => ({
        type: "Written",
        text: part.repeat(20_000),
      })),
    );
    await provider.append("s", "one", acknowledged + 1, events);
    acknowledged += 2;
  };
  const versions = async () =>
    (await provider.getEventsFor("s", "one")).map(({ version }) => version);

  await patiently(append);
  await assert.rejects(async () => {
    for (;;) await append();
  }, (error) => {
    assert(error instanceof StoreError, String(error));
    assert.equal(error.code, "STORE_FAILED", error.message);
    assert.match(error.message, /transaction/i);
    return true;
  });
  assert(acknowledged > 2, "Expected some room at first");

  // The server says that it needs to be restarted, even when there is room.
  await runOrThrow("mount", ["-o", "remount,size=64m", disk], { timeout });
  await server.stop("SIGKILL");
  await server.start();
  const stored = await patiently(versions);
  // One that was told of a failure may be stored, as a whole.
  assert(
    stored.length === acknowledged || stored.length === acknowledged + 2,
    `${acknowledged} events were acknowledged: ${stored.length} are stored`,
  );
  acknowledged = stored.length;
  await patiently(append);
  assert.deepEqual(
    await versions(),
    Array.from({ length: acknowledged }, (_, index) => index + 1),
  );
  await client.close();
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let left = TRIES;; left--) {
    try {
      return await work();
    } catch (error) {
      const isSlow = (error as StoreError).code === "LOCK_TIMEOUT";
      if (!isSlow || left === 0) throw error;
    }
  }
}
