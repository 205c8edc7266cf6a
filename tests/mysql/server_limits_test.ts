import { createHandler, type StoreError } from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createConnection } from "npm:mysql2@3/promise";
import { createProvider } from "../../providers/knex.ts";
import { mariadb } from "../../scripts/databases/mariadb.ts";
import { knexOnMysql } from "../providers/support/knex.ts";
import { migrateMysql } from "../providers/support/mysql.ts";
import { withPrivateServer } from "../providers/support/private_server.ts";
import { append, readLog, rejectsWith, sleep, storedIds } from "./support.ts";

// All tables in one file, which may not grow for long.
const args = [
  "--innodb-file-per-table=OFF",
  "--innodb-data-file-path=ibdata1:12M:autoextend:max:20M",
];

test("a server at its limits", (t) =>
  withPrivateServer(mariadb, { args }, async (server) => {
    const { url } = server;
    const root = await createConnection(url);
    // It is lost with the server that is started again.
    root.on("error", () => {});
    // Who may do everything may write to a server that is read only, too.
    await root.query("CREATE USER plain@'%' IDENTIFIED BY 'plain'");
    await root.query("GRANT ALL ON evtstore.* TO plain@'%'");
    await root.query("GRANT SELECT ON performance_schema.* TO plain@'%'");
    const address = new URL(url);
    address.username = address.password = "plain";
    const client = knexOnMysql(address.href);
    await migrateMysql(client);
    const reports: StoreError[] = [];
    const onError = (error: StoreError) => void reports.push(error);
    const provider = createProvider({ client, onError });

    await t.test("that may only be read: READ_ONLY, and no order", async () => {
      const first = await append(provider, "first", 1);
      await root.query("SET GLOBAL read_only = ON");
      await rejectsWith(append(provider, "id", 1), "READ_ONLY", /primary/);
      await rejectsWith(
        Promise.resolve(provider.setPosition("mark", 1)),
        "READ_ONLY",
        /--read-only/,
      );
      await rejectsWith(
        provider.transact((tx) => append(provider, "id", 1, tx)),
        "READ_ONLY",
      );
      // Readers cannot tell it from a replica, whose order is another one.
      const late = createProvider({ client, onError });
      for (const reader of [provider, late]) {
        await rejectsWith(readLog(reader), "NOT_SUPPORTED", /replica/);
        const own = await reader.getEventsFor("stream", "first");
        assert.deepEqual(own, [first]);
      }
      await root.query("SET GLOBAL read_only = OFF");
      const second = await append(provider, "id", 1);
      assert.deepEqual(await readLog(provider), [first, second]);
      assert.deepEqual(await readLog(late), [first, second]);
      assert.deepEqual(reports, []);
    });

    await t.test("that is full: STORE_FULL, and nothing by halves", async () => {
      const seen: number[] = [];
      const handler = createHandler<{ stream: { type: "Happened" } }>({
        bookmark: "handler",
        streams: ["stream"],
        provider,
        poll: 20,
      });
      handler.handle("stream", "Happened", async (_id, _event, meta) => {
        seen.push(meta.position);
      });
      handler.start();
      await root.query("CREATE TABLE evtstore.filler (text LONGTEXT)");
      const filler = "INSERT INTO evtstore.filler VALUES (REPEAT('x', 200000))";
      let acknowledged = 0;
      const big = async () => {
        const events = provider.createEvents(
          "stream",
          "big",
          acknowledged + 1,
          [
            { type: "Happened", text: "x".repeat(100_000) },
            { type: "Happened", text: "y".repeat(100_000) },
          ],
        );
        await provider.append("stream", "big", acknowledged + 1, events);
        acknowledged += 2;
      };
      await big();
      await assert.rejects(async () => {
        for (;;) await root.query(filler);
      }, { errno: 1114 });
      // What the filler has left over.
      await assert.rejects(async () => {
        for (;;) await big();
      }, (error: StoreError) => {
        assert.equal(error.code, "STORE_FULL", error.message);
        assert.match(error.message, /is full.*when there is room/);
        return true;
      });
      const found = await provider.getEventsFor("stream", "big");
      assert.deepEqual(
        found.map(({ version }) => version),
        Array.from({ length: acknowledged }, (_, index) => index + 1),
      );
      await server.stop();
      await server.start([
        "--innodb-data-file-path=ibdata1:12M:autoextend:max:64M",
      ]);
      await big();
      const ids = await storedIds(client);
      for (let tries = 0; tries < 1000 && seen.length < ids.length; tries++) {
        await sleep(10);
      }
      await handler.stop();
      assert.equal(seen.length, ids.length);
    });
    await client.destroy();
    root.destroy();
  }));
