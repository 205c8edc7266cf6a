import { createHandler } from "evtstore";
import assert from "node:assert/strict";
import { createProvider } from "../../providers/knex.ts";
import { knexOnMysql } from "../providers/support/knex.ts";
import { testStoppedProcess } from "../providers/support/stopped_process.ts";
import { append, onDatabase, readLog, sleep } from "./support.ts";

const MAX = 10;

onDatabase(
  "mariadb",
  "transactions never use the pool up: two connections are left",
  async ({ provider }) => {
    let running = 0;
    let most = 0;
    await Promise.all(
      Array.from(
        { length: 2 * MAX },
        (_, index) =>
          provider.transact(async (tx) => {
            most = Math.max(most, ++running);
            await append(provider, `inside ${index}`, 1, tx);
            await sleep(30);
            await append(provider, `beside ${index}`, 1);
            running--;
          }),
      ),
    );
    assert.equal(most, MAX - 2);
    assert.equal((await readLog(provider)).length, 4 * MAX);
  },
);

onDatabase(
  "mariadb",
  "ten transactional handlers that each send a command share a pool of ten",
  async ({ provider }) => {
    const count = 30;
    for (let index = 0; index < count; index++) {
      await append(provider, `order ${index}`, 1);
    }
    const handlers = Array.from({ length: MAX }, (_, index) => {
      const handler = createHandler<{ stream: { type: "Happened" } }>({
        bookmark: `handler ${index}`,
        streams: ["stream"],
        provider,
        transactional: true,
      });
      handler.handle("stream", "Happened", async (id) => {
        const events = provider.createEvents("sent", `${id} ${index}`, 1, [
          { type: "Sent" },
        ]);
        await provider.append("sent", `${id} ${index}`, 1, events);
      });
      return handler;
    });
    const seen = await Promise.all(handlers.map((one) => one.runOnce()));
    assert.deepEqual(seen, handlers.map(() => count));
    const sent = await provider.getEventsFrom("sent", 0);
    assert.equal(sent.length, MAX * count);
  },
);

onDatabase(
  "mariadb",
  "a process that is stopped inside a transaction holds others up for a second",
  ({ provider, url }) => testStoppedProcess("mysql", url, provider),
);

onDatabase(
  "mariadb",
  "a pool that is all held is told to onError, with its numbers",
  async ({ url, client }) => {
    const own = knexOnMysql(url);
    own.client.pool.max = 2;
    const reports: any[] = [];
    const provider = createProvider({
      client: own,
      onError: (error) => void reports.push(error),
    });
    await readLog(provider);
    const held = await Promise.all([own.transaction(), own.transaction()]);
    const waiting = [readLog(provider), append(provider, "id", 1)];
    await sleep(5300);
    await Promise.all(held.map((tx) => tx.rollback()));
    await Promise.all(waiting);
    assert.deepEqual(reports.map(({ code }) => code), ["STORE_BUSY"]);
    assert.match(
      reports[0].message,
      /2 connections in use of at most 2, and 2 wait for one/,
    );
    assert.equal((await client("events")).length, 1);
    await own.destroy();
  },
);
