import { createHandler, MemoryBookmark } from "evtstore";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
// @ts-types="npm:@types/pg@8"
import pg from "pg";
import type { Provider } from "../../core/provider.ts";
import { createProvider, migrate } from "../../providers/pg.ts";
import {
  openSchema,
  type PostgresSchema,
  type PostgresServer,
  postgresServers,
} from "../providers/support/postgres.ts";
import { type NotifyDriver, notifyDrivers } from "./notify_drivers.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const WORKER = fileURLToPath(new URL("notify_worker.ts", import.meta.url));

for (const server of postgresServers) {
  for (const driver of Object.keys(notifyDrivers)) {
    describe(`notify by ${driver} on ${server.name}`, () =>
      testNotify(server, driver));
  }
  describe(`notify on ${server.name}`, () => testSingle(server));
}

function testNotify(server: PostgresServer, name: string): void {
  let schema: PostgresSchema;
  let driver: NotifyDriver;
  let channel: string;
  const failures: unknown[] = [];
  before(async () => {
    schema = await openSchema(server);
    driver = await notifyDrivers[name]!(
      schema.url,
      (error) => void failures.push(error),
    );
    [{ channel }] = await schema.query(
      "SELECT 'evtstore_' || ($1 || '.events')::regclass::oid AS channel",
      [schema.name],
    ) as [{ channel: string }];
  });
  after(async () => {
    await driver.close();
    await schema.drop();
  });

  /** The sessions that listen on the channel. */
  const listening = async (): Promise<number[]> =>
    (await schema.query(
      "SELECT pid FROM pg_stat_activity WHERE query ILIKE 'listen \"' || $1 || '\"%'",
      [channel],
    )).map(({ pid }) => pid);

  it("it listens while a handler runs, and looks no more itself", async () => {
    assert.deepEqual(await listening(), []);
    const handler = startHandler(driver.provider, "quiet");
    await until(async () => (await listening()).length === 1);
    // Looks each 50 ms would leave no such time without a statement.
    await until(() => isQuiet(schema, 250));
    await handler.stop();
    await until(async () => (await listening()).length === 0);
    assert.deepEqual(failures, []);
  });

  it("an append is announced, and wakes a handler of another provider", async () => {
    const other = await notifyDrivers[name]!(schema.url);
    const handler = startHandler(driver.provider, "told");
    const ear = await listenOn(schema, channel);
    try {
      await until(async () => (await listening()).length === 2);
      for (let version = 1; version <= 5; version++) {
        const heard = ear.count();
        await append(other.provider, "told", version);
        await until(() => handler.versions.length === version);
        await until(() => ear.count() > heard);
      }
    } finally {
      await handler.stop();
      await ear.close();
      await other.close();
    }
  });

  it("in a transaction of the application it is announced when it commits", async () => {
    const ear = await listenOn(schema, channel);
    try {
      await driver.begin(async (tx) => {
        await append(driver.provider, "later", 1, tx);
        await setTimeout(100);
        assert.equal(ear.count(), 0);
      });
      await until(() => ear.count() > 0);
    } finally {
      await ear.close();
    }
  });

  it("it listens again when its connection was lost, and has missed nothing", async () => {
    const other = await notifyDrivers[name]!(schema.url);
    const handler = startHandler(driver.provider, "lost");
    try {
      await until(async () => (await listening()).length === 1);
      const [pid] = await listening();
      await schema.query("SELECT pg_terminate_backend($1)", [pid]);
      await append(other.provider, "lost", 1);
      await until(() => handler.versions.length === 1);
      await until(async () => {
        const [again] = await listening();
        return again !== undefined && again !== pid;
      });
      await append(other.provider, "lost", 2);
      await until(() => handler.versions.length === 2);
    } finally {
      await handler.stop();
      await other.close();
    }
  });

  it("a process that stops its handler and closes its client ends", async () => {
    const child = spawn(
      process.execPath,
      ["run", "-A", "--config", CONFIG, WORKER, name, schema.url],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    const kill = AbortSignal.timeout(30_000);
    kill.onabort = () => child.kill("SIGKILL");
    const [code] = await once(child, "close");
    kill.onabort = null;
    assert.equal(code, 0, "It was still alive after 30 s, or failed");
  });
}

function testSingle(server: PostgresServer): void {
  it("a single connection is told once that it cannot listen, and polls", async () => {
    const schema = await openSchema(server);
    const [client, otherClient] = [1, 2].map(() => new pg.Client(schema.url));
    const failures: any[] = [];
    try {
      await client!.connect();
      await otherClient!.connect();
      await migrate({ client: client! });
      const provider = createProvider({
        client: client!,
        notify: true,
        onError: (error) => void failures.push(error),
      });
      const other = createProvider({ client: otherClient! });
      const handler = startHandler(provider, "single");
      await until(() => failures.length > 0);
      await append(other, "single", 1);
      await until(() => handler.versions.length === 1);
      // It has tried again by then.
      await setTimeout(700);
      assert.deepEqual(failures.map(({ code, field }) => [code, field]), [
        ["NOT_SUPPORTED", "notify"],
      ]);
      await handler.stop();
    } finally {
      await client!.end();
      await otherClient!.end();
      await schema.drop();
    }
  });
}

function startHandler(provider: Provider<any, any>, stream: string) {
  const versions: number[] = [];
  const handler = createHandler<any>({
    bookmark: MemoryBookmark,
    streams: [stream],
    provider,
    poll: 600_000,
  });
  handler.handleStream(stream, {
    Happened: async (_id, _event, { version }) => void versions.push(version),
  });
  handler.start();
  return { versions, stop: handler.stop };
}

async function append(
  provider: Provider<any, any>,
  stream: string,
  version: number,
  tx?: unknown,
): Promise<void> {
  const events = provider.createEvents(stream, "one", version, [
    { type: "Happened" },
  ]);
  await provider.append(stream, "one", version, events, tx ? { tx } : {});
}

/** Hears what is announced, but not whether somebody is alive. */
async function listenOn(schema: PostgresSchema, channel: string) {
  const client = new pg.Client(schema.url);
  let count = 0;
  client.on("notification", ({ payload }) => {
    if (!payload?.endsWith("?")) count++;
  });
  await client.connect();
  await client.query(`LISTEN "${channel}"`);
  return { count: () => count, close: () => client.end() };
}

/** Whether for so long no connection to the schema but ours runs anything. */
async function isQuiet(schema: PostgresSchema, ms: number): Promise<boolean> {
  const latest = async () => {
    const [row] = await schema.query(
      `SELECT max(query_start)::text AS latest
      FROM pg_stat_activity
      WHERE pid <> pg_backend_pid()
        AND query LIKE '%pg_postmaster_start_time%"events"%'`,
    );
    return row.latest;
  };
  const before = await latest();
  await setTimeout(ms);
  return before === await latest();
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const start = performance.now();
  while (!await isSo()) {
    assert.ok(performance.now() - start < 15_000, "It did not come in 15 s");
    await setTimeout(10);
  }
}
