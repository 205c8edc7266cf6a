import { StoreError } from "evtstore";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
// @ts-types="npm:@types/pg@8"
import pg from "pg";
import type { Provider } from "../../core/provider.ts";
import * as knexProvider from "../../providers/knex.ts";
import { run, runOrThrow } from "../../scripts/databases/command.ts";
import { isContinuousIntegration } from "../../scripts/databases/install_policy.ts";
import { postgres15, postgres18 } from "../../scripts/databases/postgres.ts";
import { knexOnPostgres } from "../providers/support/knex.ts";
import { openPg } from "../providers/support/pg.ts";
import { openSchema, postgresServers } from "../providers/support/postgres.ts";
import { openPostgresJs } from "../providers/support/postgres_js.ts";
import { withPrivateServer } from "../providers/support/private_server.ts";

const timeout = 30_000;

const refusal = await whyNoSmallDisk();
if (refusal) console.warn(`No disk is filled for real: ${refusal}`);

describe("a disk that is full: STORE_FULL, and nothing is stored by halves", () => {
  for (const definition of refusal ? [] : [postgres18, postgres15]) {
    it(`a real one under ${definition.name}`, () =>
      withPrivateServer(definition, {}, async ({ url, user }) => {
        await withSmallDisk(user, async (disk, grow) => {
          const client = new pg.Client(url);
          await client.connect();
          await client.query(`CREATE TABLESPACE small LOCATION '${disk}'`);
          await client.end();
          await fill(url, grow);
        });
      }));
  }
  for (const server of refusal ? postgresServers : []) {
    it(`one that ${server.name} is made to report`, async () => {
      const schema = await openSchema(server);
      const { provider, close } = await openPg(schema.url);
      await schema.query(`
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'raised by a test' USING ERRCODE = '53100';
        END $$`);
      await schema.query(`
        CREATE TRIGGER fail BEFORE INSERT ON events
        FOR EACH ROW EXECUTE FUNCTION fail()`);
      assert(await isFull(append(provider, "id", 1, 1)));
      await close();
      await schema.drop();
    });
  }
});

async function fill(url: string, grow: () => Promise<void>): Promise<void> {
  const address = new URL(url);
  address.searchParams.set("options", "-c default_tablespace=small");
  const { href } = address;
  const knex = knexOnPostgres(href, ["public"]);
  const tables = { client: knex, events: "by_knex" };
  await knexProvider.migrate(tables);
  const js = await openPostgresJs(href, { events: "by_postgres" });
  const own = await openPg(href, { events: "by_pg" });
  const providers: Provider<any, any>[] = [
    own.provider,
    js.provider,
    knexProvider.createProvider(tables),
  ];

  for (const [index, provider] of providers.entries()) {
    let stored = 0;
    while (!await isFull(append(provider, "id", stored + 1, 4))) stored += 4;
    // The first of them has filled it.
    assert.equal(stored > 0, index === 0);
    const found = await provider.getEventsFor("s", "id");
    assert.deepEqual(
      found.map(({ version }) => version),
      Array.from({ length: stored }, (_, at) => at + 1),
    );
  }
  await grow();
  for (const provider of providers) {
    const before = await provider.getEventsFor("s", "id");
    const next = before.length + 1;
    await append(provider, "id", next, 4);
    const page = await provider.getEventsFrom("s", 0);
    assert.deepEqual(
      page.map(({ version }) => version),
      Array.from({ length: next + 3 }, (_, at) => at + 1),
    );
  }
  await own.close();
  await js.close();
  await knex.destroy();
}

/** Appends events of 32 KB that cannot be compressed. */
function append(
  provider: Provider<any, any>,
  id: string,
  version: number,
  count: number,
): Promise<unknown> {
  const bodies = Array.from({ length: count }, () => ({
    type: "Written",
    text: randomBytes(24_000).toString("base64"),
  }));
  const events = provider.createEvents("s", id, version, bodies);
  return provider.append("s", id, version, events);
}

async function isFull(attempt: Promise<unknown>): Promise<boolean> {
  try {
    await attempt;
    return false;
  } catch (error) {
    assert(error instanceof StoreError, `${error}`);
    assert.equal(error.code, "STORE_FULL", error.message);
    assert.match(error.message, /when there is room/);
    return true;
  }
}

/** Why a disk of a few MB cannot be made here; in CI, as root, that is an error. */
async function whyNoSmallDisk(): Promise<string | undefined> {
  if (process.platform !== "linux") return "it needs Linux";
  if (process.getuid?.() !== 0) return "it needs root";
  const folder = mkdtempSync(join(tmpdir(), "evtstore-disk-"));
  const { code, output } = await run(
    "mount",
    ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder],
    { timeout },
  );
  if (code === 0) await runOrThrow("umount", [folder], { timeout });
  rmSync(folder, { recursive: true });
  if (code === 0) return undefined;
  if (isContinuousIntegration(process.env)) throw new Error(output);
  return output;
}

/** Makes a disk of a few MB for the user, and a way to make it larger. */
async function withSmallDisk(
  user: { uid: number; gid: number } | undefined,
  work: (folder: string, grow: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "evtstore-disk-"));
  const { uid = 0, gid = 0 } = user ?? {};
  const options = `size=6m,mode=700,uid=${uid},gid=${gid}`;
  await runOrThrow("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], {
    timeout,
  });
  try {
    await work(folder, async () => {
      const larger = ["-o", "remount,size=64m", folder];
      await runOrThrow("mount", larger, { timeout });
    });
  } finally {
    // The server has files open there still.
    await runOrThrow("umount", ["--lazy", folder], { timeout });
    rmSync(folder, { recursive: true });
  }
}
