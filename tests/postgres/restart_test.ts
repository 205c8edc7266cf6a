import { createHandler } from "evtstore";
import assert from "node:assert/strict";
import { it } from "node:test";
// @ts-types="npm:@types/pg@8"
import pg from "pg";
import { postgres18 } from "../../scripts/databases/postgres.ts";
import { openPg } from "../providers/support/pg.ts";
import { withPrivateServer } from "../providers/support/private_server.ts";

const EVENT = { type: "Written" };
const STREAM = "numbers";
const INSERT =
  `INSERT INTO events (stream, aggregate_id, version, timestamp, event) VALUES ('${STREAM}', $1, 1, now(), '{"type":"Written"}') RETURNING position`;

// After a restart its locks have another key, and are all that tells of it.
it("a prepared transaction holds a handler back over restarts of the server", () =>
  withPrivateServer(postgres18, {}, async (server) => {
    const { provider, pool, close } = await openPg(server.url, {
      onError: () => {},
    });
    const append = async () => {
      const id = crypto.randomUUID();
      const events = provider.createEvents(STREAM, id, 1, [EVENT]);
      const [stored] = await provider.append(STREAM, id, 1, events);
      return stored!.position as number;
    };
    const seen: number[] = [];
    const handler = createHandler<{ [STREAM]: typeof EVENT }>({
      bookmark: "tail",
      streams: [STREAM],
      provider,
      poll: 20,
    });
    handler.handle(STREAM, "Written", async (_id, _event, { position }) => {
      seen.push(position);
    });
    handler.start();

    const first = await append();
    await waitFor(() => seen.length === 1);
    const prepare = async (name: string) => {
      const client = await pool.connect();
      await client.query("BEGIN");
      const { rows } = await client.query(INSERT, [name]);
      await client.query(`PREPARE TRANSACTION '${name}'`);
      client.release();
      return Number(rows[0].position);
    };
    const one = await prepare("one");
    const beside = await append();
    const two = await prepare("two");
    const after = await append();

    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      await server.stop(signal);
      await server.start();
      await append();
      await sleep(300);
      assert.deepEqual(seen, [first], `after ${signal}`);
    }
    const { blockedBy } = await provider.horizon();
    assert.deepEqual(
      blockedBy.map(({ session }) => session).sort(),
      ["prepared transaction one", "prepared transaction two"],
    );
    // The later one first: the earlier still holds everything back.
    await query(server.url, "COMMIT PREPARED 'two'");
    await sleep(300);
    assert.deepEqual(seen, [first]);
    await query(server.url, "COMMIT PREPARED 'one'");
    await waitFor(() => seen.length === 7);
    assert.deepEqual(seen.slice(0, 5), [first, one, beside, two, after]);
    assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
    await handler.stop();
    await close();
  }));

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(text);
  await client.end();
}

async function waitFor(isDone: () => boolean): Promise<void> {
  for (let waited = 0; waited < 15_000 && !isDone(); waited += 20) {
    await sleep(20);
  }
  assert(isDone(), "It did not happen within 15 s");
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
