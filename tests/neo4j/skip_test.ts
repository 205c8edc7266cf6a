import { createHandler } from "evtstore";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  appendTo,
  findServers,
  type Neo4jServer,
  sleep,
  withNeo4j,
} from "../providers/support/neo4j.ts";

const WRITING_MS = 20_000;
// The current one is in `tests/faults/skip_test.ts`, beside other databases.
const servers = await findServers([], [
  "neo4j44",
  "neo4j2025",
  "neo4j35",
]);

for (const server of servers) {
  describe(`skips on ${server.name}`, () => {
    it("a handler beside eight stalling writers misses nothing", () =>
      testSkips(server));
  });
}

type Writer = (id: string, isOver: () => boolean) => Promise<void>;

async function testSkips(server: Neo4jServer): Promise<void> {
  await withNeo4j(server, async ({ open, query, labels }) => {
    const [reading, first, second] = [open(), open(), open()];
    const seen: number[] = [];
    const handler = createHandler<any>({
      bookmark: "tail",
      streams: ["mine"],
      provider: reading,
    });
    handler.handle("mine", "Written", async (_id, _event, { position }) => {
      seen.push(position);
    });
    handler.start();

    const appending: Writer = async (id, isOver) => {
      for (let version = 1; !isOver();) {
        const count = 1 + Math.floor(Math.random() * 3);
        await appendTo(first, "mine", id, version, count);
        await appendTo(first, "others", id, version, count);
        version += count;
      }
    };
    const transacting: Writer = async (id, isOver) => {
      for (let version = 1; !isOver();) {
        const mayCommit = Math.random() > 0.2;
        await second.transact(async (tx) => {
          await sleep(Math.random() * 4);
          await appendTo(second, "mine", id, version, 1, { tx });
          await sleep(Math.random() * 8);
          await appendTo(second, "mine", id, version + 1, 1, { tx });
          if (!mayCommit) throw new Error("rolled back");
        }).then(() => version += 2, (error) => {
          assert.equal(error.message, "rolled back");
        });
      }
    };
    // The server plans each query once, which takes longer than the query.
    await appendTo(first, "mine", "warm", 1);
    await second.transact((tx) =>
      appendTo(second, "mine", "warm", 2, 1, { tx })
    );
    let isOver = false;
    const writers = [
      ...Array(5).fill(appending),
      ...Array(3).fill(transacting),
    ];
    const writing = Promise.all(
      writers.map((write, index) => write(`writer ${index}`, () => isOver)),
    );
    await sleep(WRITING_MS);
    // A busy machine gets the time that it needs for as many events.
    for (let tries = 0; tries < 100 && seen.length < 50; tries++) {
      await sleep(200);
    }
    isOver = true;
    await writing;

    const rows = await query(
      `MATCH (e:${labels.events}) RETURN e._position AS position, e.stream AS stream ORDER BY position`,
    );
    const all = rows.map(({ position }) => Number(String(position)));
    const mine = all.filter((_position, at) => rows[at].stream === "mine");
    for (let tries = 0; tries < 500 && seen.length < mine.length; tries++) {
      await sleep(10);
    }
    await handler.stop();
    assert(all.length > 50, `Expected many events: ${all.length}`);
    assert.deepEqual(
      all,
      all.map((_position, at) => at + 1),
      "dense positions",
    );
    assert.deepEqual(seen, mine);
  });
}
