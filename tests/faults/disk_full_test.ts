import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { createProvider } from "../../providers/sqlite.ts";
import { compareHandled, isComplete } from "./compare.ts";
import { createHandlers } from "./handlers.ts";
import { Ledger } from "./ledger.ts";
import { readLog } from "./log.ts";
import { openStore } from "./open_store.ts";
import { withSeed } from "./random.ts";
import type { Store } from "./stores/store.ts";
import { migrateFile, readModelOf } from "./stores/sqlite.ts";
import { sleep, until } from "./wait.ts";
import { runWriters } from "./writers.ts";

const DISK_KB = 3000;
const BALLAST_KB = 1000;
const PADDING = 2000;

for (const scheme of ["sqlite", "sqlite+knex"]) {
  test(`${scheme}: a full disk loses nothing, and work goes on when there is room`, async (t) => {
    const folder = mountSmallDisk(t);
    // Who may not mount one has the test below.
    if (folder === undefined) return t.diagnostic?.("no disk of its own");
    const path = join(folder, "log.db");
    await migrateFile(path);
    const ballast = join(folder, "ballast");
    writeFileSync(ballast, new Uint8Array(BALLAST_KB * 1024));
    const reports: unknown[] = [];
    const store = await openStore(`${scheme}:${path}`, {
      onError: (error) => reports.push(error),
    });
    await fill(store, reports, () => rmSync(ballast));
  });
}

test("sqlite: a database that may not grow loses nothing, and goes on when it may", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "evtstore-full-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "log.db");
  await migrateFile(path);
  const client = new DatabaseSync(path);
  client.exec("PRAGMA max_page_count = 200");
  const reports: unknown[] = [];
  const provider = createProvider({
    client,
    onError: (error) => reports.push(error),
  });
  const store: Store = {
    provider,
    readModel: readModelOf(path),
    async close() {
      await provider.close();
      client.close();
    },
  };
  await fill(store, reports, () => {
    client.exec("PRAGMA max_page_count = 100000");
  });
});

/** Writes until there is no room, makes room, and goes on. */
async function fill(
  store: Store,
  reports: unknown[],
  makeRoom: () => void,
): Promise<void> {
  const ledger = new Ledger();
  const seen: string[] = [];
  const handlers = createHandlers(store, {
    plain: (line) => void seen.push(line),
    transactional() {},
  });
  let isOver = false;
  handlers.start();
  const writing = withSeed((random) =>
    runWriters({
      provider: store.provider,
      ledger,
      random,
      isOver: () => isOver,
      pace: () => sleep(1),
      padding: PADDING,
    })
  );
  try {
    const refusals = () => ledger.codes.STORE_FULL ?? 0;
    await until("the disk to be full", () => refusals() > 10);
    const before = ledger.events;
    assert(before > 20, `Expected some room at first: ${before} events`);
    makeRoom();
    await until("work to go on", () => ledger.events > before + 30);
    isOver = true;
    await writing;
    const log = await readLog(store.provider);
    await until(
      "handlers to go on",
      async () => isComplete(log, seen, await store.readModel.list()),
    );
    ledger.check(log);
    const rows = await store.readModel.list();
    const { skipped, lost, duplicated, invented, unordered } = compareHandled(
      log,
      [seen],
      rows,
    );
    assert.deepEqual({ skipped, lost, duplicated, invented, unordered }, {
      skipped: 0,
      lost: 0,
      duplicated: 0,
      invented: 0,
      unordered: 0,
    });
    // Nothing but conflicts and the full disk, and the same to handlers.
    const codes = new Set([
      ...Object.keys(ledger.codes),
      ...reports.map((error: any) => error.code),
    ]);
    codes.delete("VERSION_CONFLICT");
    assert.deepEqual([...codes], ["STORE_FULL"]);
  } finally {
    isOver = true;
    await handlers.stop();
    await writing.catch(() => {});
    await store.close();
  }
}

/** A disk of a few megabytes, where one may be mounted. */
function mountSmallDisk(t: TestContext): string | undefined {
  if (process.platform !== "linux") return undefined;
  const folder = mkdtempSync(join(tmpdir(), "evtstore-full-"));
  const { status } = spawnSync("mount", [
    "-t",
    "tmpfs",
    "-o",
    `size=${DISK_KB}k`,
    "tmpfs",
    folder,
  ]);
  t.after(() => {
    if (status === 0) spawnSync("umount", ["--lazy", folder]);
    rmSync(folder, { recursive: true });
  });
  return status === 0 ? folder : undefined;
}
