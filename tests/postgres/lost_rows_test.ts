import assert from "node:assert/strict";
import { describe, it } from "node:test";
import postgres from "postgres";
import { PostgresJsExecutor } from "../../providers/postgresjs_executor.ts";
import { Proxy } from "../faults/proxy.ts";
import { postgresServers } from "../providers/support/postgres.ts";

for (const { name, url } of postgresServers) {
  describe(`Postgres.js on ${name}`, () => {
    it("an answer after one that was cut has all of its rows, and no holes", async () => {
      const { proxy, address } = await Proxy.before(url);
      const sql = postgres(address, {
        max: 1,
        fetch_types: false,
        backoff: () => 0.01,
      });
      const executor = new PostgresJsExecutor(sql);
      await executor.query("SELECT 1", []);
      let isCut = false;
      // A cut that comes when all rows are there already cuts nothing.
      for (let attempt = 0; attempt < 10 && !isCut; attempt++) {
        proxy.cutAt({ direction: "to the client", bytes: 5000 });
        await executor.query("SELECT * FROM generate_series(1, 10000)", [])
          .catch(() => isCut = true);
      }
      assert(isCut);
      const rows = await executor.query(
        "SELECT * FROM generate_series(1, 3)",
        [],
      );
      assert.deepEqual(rows, [[1], [2], [3]]);
      await sql.end({ timeout: 1 });
      await proxy.refuse();
    });
  });
}
