import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  appendTo,
  findServers,
  sleep,
  withNeo4j,
} from "../providers/support/neo4j.ts";

const servers = await findServers(["neo4j"], [
  "neo4j44",
  "neo4j2025",
  "neo4j35",
]);

for (const server of servers) {
  describe(`deleted events on ${server.name}`, () => {
    it("hold nobody up, and are no old writer", () =>
      withNeo4j(server, async ({ open, query, labels }) => {
        const provider = open();
        await appendTo(provider, "s", "a", 1, 4);
        await appendTo(provider, "s", "b", 1, 4);
        const remove = (from: number, to: number) =>
          query(
            `MATCH (e:${labels.events}) WHERE ${from} <= e._position <= ${to} DELETE e`,
          );
        const positions = async (from: number) => {
          const page = await provider.getEventsFrom("s", from);
          return page.map(({ position }) => position);
        };
        assert.deepEqual(await positions(0), [1, 2, 3, 4, 5, 6, 7, 8]);
        await remove(1, 2);
        assert.deepEqual(await positions(0), [3, 4, 5, 6, 7, 8]);

        // In the last commit: it could be one that is not applied yet.
        await remove(6, 6);
        assert.deepEqual(await positions(0), [3, 4, 5]);
        const { position, blockedBy } = await open().horizon();
        assert.equal(position, 5);
        assert.equal(blockedBy.length, 1);
        await sleep(1100);
        await positions(0);
        assert.deepEqual(await positions(0), [3, 4, 5, 7, 8]);

        await remove(8, 8);
        await appendTo(provider, "s", "c", 1);
        assert.deepEqual(await positions(4), [5, 7, 9]);
        assert.deepEqual(await open().getEventsFor("s", "a", 3), [
          ...await provider.getEventsFor("s", "a", 3),
        ]);
      }));

    it("a query that failed inside transact() is not swallowed", () =>
      withNeo4j(server, async ({ open, labels, query }) => {
        const provider = open();
        const committing = provider.transact(async (tx) => {
          await appendTo(provider, "s", "a", 1, 1, { tx });
          await tx.run("THIS IS NOT CYPHER").catch(() => {});
        });
        await assert.rejects(committing, { code: "TRANSACTION_ENDED" });
        const rows = await query(`MATCH (e:${labels.events}) RETURN e`);
        assert.equal(rows.length, 0);
      }));
  });
}
