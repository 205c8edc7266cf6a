import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  appendTo,
  findServers,
  ownLabels,
  wipe,
  withNeo4j,
} from "../providers/support/neo4j.ts";

const servers = await findServers(["neo4j"], [
  "neo4j44",
  "neo4j2025",
  "neo4j35",
]);

/** What 3.5 says of a commit during which another process made a constraint. */
function constraintsChanged(): Error {
  return Object.assign(
    new Error("Database constraints have changed after this transaction"),
    {
      name: "Neo4jError",
      code: "Neo.TransientError.Transaction.ConstraintsChanged",
    },
  );
}

/** A driver whose first commits are refused by the server. */
function refusing(client: any, refusals: { left: number }): any {
  const session = (options: unknown) => {
    const own = client.session(options);
    const beginTransaction = own.beginTransaction.bind(own);
    own.beginTransaction = async (config: unknown) => {
      const tx = await beginTransaction(config);
      const commit = tx.commit.bind(tx);
      tx.commit = async () => {
        if (refusals.left === 0) return await commit();
        refusals.left--;
        await tx.rollback();
        throw constraintsChanged();
      };
      return tx;
    };
    return own;
  };
  return new Proxy(client, {
    get: (target, name) =>
      name === "session" ? session : Reflect.get(target, name, target),
  });
}

for (const server of servers) {
  describe(`migrate beside another one on ${server.name}`, () => {
    it("numbers old events again after a commit that was refused", () =>
      withNeo4j(server, async ({ client, labels, open, query }) => {
        await query(
          `CREATE (:${labels.events} {stream: 's', aggregateId: 'a', version: 1,
  position: datetime('2020-01-01T00:00:00Z'), timestamp: datetime('2020-01-01T00:00:00Z'),
  event: '{"type":"Old"}'})`,
        );
        const refusals = { left: 2 };
        await server.module.migrate({
          client: refusing(client, refusals),
          ...labels,
        });
        assert.equal(refusals.left, 0);
        const provider = open();
        const [second] = await appendTo(provider, "s", "a", 2);
        const stored = await provider.getEventsFor("s", "a");
        assert.deepEqual(stored.map(({ version }) => version), [1, 2]);
        assert.deepEqual(
          stored.map(({ position }) => position),
          [1, second!.position],
        );
        assert.equal(second!.position, 2);
      }, { migrate: false }));

    it("does not wait for a constraint that others are making", () =>
      withNeo4j(server, async ({ client, labels, open }) => {
        const { events: label } = ownLabels();
        const session = client.session();
        const making = await session.beginTransaction();
        // Its index is filled, and in use once this is committed.
        await making.run(
          server.name === "neo4j35"
            ? `CREATE CONSTRAINT ON (n:${label}) ASSERT n.name IS UNIQUE`
            : `CREATE CONSTRAINT FOR (n:${label}) REQUIRE n.name IS UNIQUE`,
        );
        await server.module.migrate({ client, ...labels });
        await appendTo(open(), "s", "a", 1);
        await making.commit();
        await session.close();
        await wipe(client, { events: label, bookmarks: `${label}Bookmarks` });
      }, { migrate: false }));
  });
}
