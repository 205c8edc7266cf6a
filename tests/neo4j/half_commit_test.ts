import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  appendTo,
  findServers,
  isLong,
  type Neo4jDatabase,
  sleep,
  until,
  withNeo4j,
} from "../providers/support/neo4j.ts";
import { hideEvent } from "./hidden_event.ts";

const COMMITS = isLong ? 20 : 3;
const SIZE = 2000;
/** Longer than a reader tries without locking the writers out. */
const LONG_MS = 1500;
const servers = await findServers(["neo4j"], [
  "neo4j44",
  "neo4j2025",
  "neo4j35",
]);

for (const server of servers) {
  describe(`half of a commit on ${server.name}`, () => {
    it("is read as a whole, or not at all", (t) =>
      withNeo4j(server, (database) => readBeside(database, t)));

    it("is waited for, whichever event is not visible yet", () =>
      withNeo4j(server, async (database) => {
        const { open } = database;
        const provider = open();
        await appendTo(provider, "s", "first", 1);
        for (const missing of [1, 2, 3]) {
          const id = `a ${missing}`;
          await appendTo(provider, "s", id, 1, 3);
          const { appear } = await hideEvent(database, id, missing, "stream");
          const start = (await provider.getLastEventFor("s", "first"))!;
          const reading = provider.getEventsFor("s", id, start.position);
          const finding = provider.getLastEventFor("s", id);
          await appear(LONG_MS);
          const versions = (await reading).map(({ version }) => version);
          assert.deepEqual(versions, [1, 2, 3]);
          assert.equal((await finding)?.version, 3);
        }
      }));

    it("is waited for in a transaction, and behind a known event", () =>
      withNeo4j(server, async (database) => {
        const { open } = database;
        const provider = open();
        const [first] = await appendTo(provider, "s", "a", 1);
        await appendTo(provider, "s", "a", 2, 3);
        const { appear } = await hideEvent(database, "a", 2, "stream");
        let isReading = false;
        const reading = provider.transact(async (tx) => {
          await provider.getEventsFor("s", "another", 0, { tx });
          isReading = true;
          return await provider.getEventsFor("s", "a", first!.position, { tx });
        });
        await until(() => isReading);
        await appear(LONG_MS);
        const versions = (await reading).map(({ version }) => version);
        assert.deepEqual(versions, [2, 3, 4]);
      }));

    it("an event that was deleted is not waited for", () =>
      withNeo4j(server, async ({ open, query, labels }) => {
        const provider = open();
        await appendTo(provider, "s", "a", 1, 4);
        await query(
          `MATCH (e:${labels.events}) WHERE e.version IN [2, 4] DELETE e`,
        );
        const read = async () => {
          const events = await provider.getEventsFor("s", "a");
          return events.map(({ version }) => version);
        };
        assert.deepEqual(await read(), [1, 3]);
        assert.equal((await provider.getLastEventFor("s", "a"))?.version, 3);
        assert.deepEqual(await read(), [1, 3]);
      }));
  });
}

async function readBeside(
  { open, client, labels }: Neo4jDatabase,
  t: { diagnostic(text: string): void },
): Promise<void> {
  const writing = open();
  let isOver = false;
  let reading = "none";
  const counts = { nothing: 0, whole: 0, plain: 0, plainHalf: 0 };
  const read = async () => {
    const provider = open({ limit: 2 * SIZE });
    while (!isOver) {
      const events = await provider.getEventsFor("s", reading);
      const versions = events.map(({ version }) => version);
      assert.deepEqual(versions, versions.map((_, at) => at + 1));
      assert([0, SIZE].includes(versions.length), `${versions.length} events`);
      versions.length === 0 ? counts.nothing++ : counts.whole++;
    }
  };
  const readPlainly = async () => {
    const session = client.session();
    while (!isOver) {
      const { records } = await session.run(
        `MATCH (e:${labels.events})
WHERE e.stream = "s" AND e.aggregateId = $id AND e.version > 0
RETURN count(e) AS count`,
        { id: reading },
      );
      const count = Number(records[0]!.get("count"));
      if (count > 0) counts.plain++;
      if (count > 0 && count < SIZE) counts.plainHalf++;
    }
    await session.close();
  };
  const all = Promise.all([read(), read(), readPlainly(), readPlainly()]);
  for (let commit = 0; commit < COMMITS; commit++) {
    reading = `id ${commit}`;
    await appendTo(writing, "s", reading, 1, SIZE);
    await sleep(30);
  }
  isOver = true;
  await all;
  assert(counts.whole > 0, "nothing was read");
  t.diagnostic(
    `${counts.nothing} reads of nothing, ${counts.whole} of all, 0 of a part; plainly ${counts.plainHalf} of ${counts.plain} of a part`,
  );
}
