import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StoreError } from "evtstore";
import { run, runOrThrow } from "../../scripts/databases/command.ts";
import { nats } from "../../scripts/databases/nats.ts";
import {
  type PrivateServer,
  withPrivateServer,
} from "../providers/support/private_server.ts";
import { openNats } from "../providers/support/nats.ts";

const timeout = 30_000;

const refusal = await whyNoSmallDisk();
if (refusal) console.warn(`No disk of NATS is filled for real: ${refusal}`);
else {
  test("a full disk loses nothing that was acknowledged, and stores no half of a commit", async () => {
    const disk = { folder: "" };
    const prepare = async (folder: string) => {
      // The server keeps its data there.
      disk.folder = join(folder, "n1");
      mkdirSync(disk.folder);
      await mount(disk.folder, "size=12m");
    };
    await withPrivateServer(nats, { prepare }, async (server) => {
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
  const opened = await openNats(server.url, { timeoutMs: 3000 });
  const { provider, close, name } = opened;
  let acknowledged = 0;
  const append = async (to: typeof provider) => {
    const events = [1, 2, 3].map((part) => ({
      type: "Long",
      part,
      text: "x".repeat(50_000),
    }));
    await to.append(
      "long",
      "ada",
      acknowledged + 1,
      to.createEvents("long", "ada", acknowledged + 1, events),
    );
    acknowledged += events.length;
  };
  let failure: unknown;
  for (let tries = 0; tries < 1000 && failure === undefined; tries++) {
    await append(provider).catch((error) => failure = error);
  }
  assert(failure instanceof StoreError, String(failure));
  assert.equal(failure.code, "STORE_FULL", String(failure));
  assert(acknowledged > 30);
  await close();

  // The server turns JetStream off, and on again when it starts.
  await server.stop("SIGTERM");
  await mount(disk, "remount,size=60m");
  await server.start();
  const again = await openNats(server.url, { name });
  const stored = await again.provider.getEventsFor("long", "ada");
  assert.equal(stored.length % 3, 0, "half a commit");
  assert(stored.length >= acknowledged, "lost");
  acknowledged = stored.length;
  await append(again.provider);
  await again.close();
}

async function mount(folder: string, options: string): Promise<void> {
  await runOrThrow(
    "mount",
    ["-t", "tmpfs", "-o", options, "tmpfs", folder],
    { timeout },
  );
}

/** Nothing where a small disk can be had, as by root on Linux. */
async function whyNoSmallDisk(): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "evtstore-disk-"));
  const { code, output } = await run(
    "mount",
    ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder],
    { timeout },
  );
  if (code === 0) await run("umount", [folder], { timeout });
  rmSync(folder, { recursive: true });
  return code === 0 ? undefined : output;
}
