import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Claims,
  createAggregate,
  createCommands,
  createDomain,
} from "evtstore";
import { openPg } from "../providers/support/pg.ts";
import { openSchema, postgresServers } from "../providers/support/postgres.ts";

const user = createAggregate({
  stream: "s",
  create: () => ({}),
  fold: (_event: { type: "Written" }) => ({}),
});

for (const server of postgresServers) {
  describe(`claims of commands on ${server.name}`, () => {
    it("a snapshot does not hide that what a command claims has changed", async () => {
      const schema = await openSchema(server);
      const { provider, close } = await openPg(schema.url);
      try {
        const { domain } = createDomain({ provider }, { user });
        const users = createCommands(domain.user, {
          write: () => ({ type: "Written" }),
        });
        await users.write("other", {});
        const requires = [{ stream: "s", aggregateId: "other", version: 1 }];
        const claims: [Claims, string][] = [
          [{ requires }, "REQUIREMENT_FAILED"],
          [{ reserve: ["key"] }, "ALREADY_RESERVED"],
        ];
        for (const [claim, code] of claims) {
          let runs = 0;
          await assert.rejects(
            provider.transact(async (tx) => {
              await tx.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
              await tx.query("SELECT 1");
              if (runs++ === 0) {
                const { reserve } = claim;
                await users.write("other", {}, reserve ? { reserve } : {});
              }
              await users.write("own", {}, { tx, ...claim });
            }),
            { code },
          );
          // What the snapshot hid is a conflict, and the second one sees it.
          assert.equal(runs, 2);
        }
        assert.equal(await provider.getLastEventFor("s", "own"), undefined);
      } finally {
        await close();
        await schema.drop();
      }
    });

    it("what is held leaves no row, and readers go on over its position", async () => {
      const schema = await openSchema(server);
      const { provider, close } = await openPg(schema.url);
      try {
        const { domain } = createDomain({ provider }, { user });
        const users = createCommands(domain.user, {
          write: () => ({ type: "Written" }),
        });
        await users.write("other", {});
        await users.write("own", {}, {
          requires: [{ stream: "s", aggregateId: "other", version: 1 }],
        });
        const rows = await schema.query(
          "SELECT aggregate_id, position FROM events ORDER BY position",
        );
        assert.deepEqual(
          rows.map((row: any) => row.aggregate_id),
          ["other", "own"],
        );
        const page = await provider.getEventsFrom("s", 0);
        assert.equal(page.length, 2);
        assert.equal(Number(page.scannedTo), Number(rows[1].position));
      } finally {
        await close();
        await schema.drop();
      }
    });
  });
}
