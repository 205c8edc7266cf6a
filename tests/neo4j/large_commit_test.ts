import { createHandler } from "evtstore";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  appendTo,
  findServers,
  isLong,
  type Neo4jDatabase,
  type Neo4jServer,
  sleep,
  until,
  withNeo4j,
} from "../providers/support/neo4j.ts";
import { hideEvent } from "./hidden_event.ts";

const COMMITS = isLong ? 20 : 3;
const SIZE = 2000;
const servers = await findServers(["neo4j"], [
  "neo4j44",
  "neo4j2025",
  "neo4j35",
]);

for (const server of servers) {
  describe(`large commits on ${server.name}`, () => {
    it("three tailing handlers miss none of 2,000 events", (t) =>
      testLargeCommits(server, (text) => t.diagnostic(text)));

    it("an event that is not visible yet is waited for, and lost by a plain reader", () =>
      withNeo4j(server, testHiddenEvent));
  });
}

async function testHiddenEvent(database: Neo4jDatabase): Promise<void> {
  const { open, query, labels } = database;
  const provider = open();
  const seen: number[] = [];
  const handler = createHandler<any>({
    bookmark: "tail",
    streams: ["large"],
    provider,
  });
  handler.handle("large", "Written", async (_id, _event, { version }) => {
    seen.push(version);
  });
  const plain: number[] = [];
  let end = 0;
  const readPlainly = async () => {
    const rows = await query(
      `MATCH (e:${labels.events}) WHERE e._position > $after
RETURN e.version AS version, e._position AS position ORDER BY position`,
      { after: BigInt(end) },
    );
    for (const { version, position } of rows) {
      plain.push(Number(String(version)));
      end = Number(String(position));
    }
  };
  await appendTo(provider, "large", "id", 1, 4);
  const { appear } = await hideEvent(database, "id", 3, "_position");
  await readPlainly();
  handler.start();
  // Longer than a gap is taken for one that a deletion has left.
  const appearing = appear(1500);
  await until(() => seen.length >= 2);
  assert.deepEqual(seen, [1, 2]);
  await appearing;
  await readPlainly();
  await until(() => seen.length >= 4);
  await handler.stop();
  assert.deepEqual(seen, [1, 2, 3, 4]);
  assert.deepEqual(plain, [1, 2, 4]);
}

async function testLargeCommits(
  server: Neo4jServer,
  say: (text: string) => void,
): Promise<void> {
  await withNeo4j(server, async ({ open, query, labels }) => {
    const writing = open();
    const handlers = ["first", "second", "third"].map((bookmark) => {
      const seen: number[] = [];
      const handler = createHandler<any>({
        bookmark,
        // The third reads a stream that shares each commit with another.
        streams: bookmark === "third" ? ["large"] : ["large", "small"],
        provider: open(),
      });
      for (const stream of ["large", "small"]) {
        if (bookmark === "third" && stream === "small") continue;
        handler.handle(stream, "Written", async (_id, _event, meta) => {
          seen.push(meta.position);
        });
      }
      handler.start();
      return { handler, seen };
    });

    // What evtstore 12 does: everything behind the bookmark that is visible.
    const plain: number[] = [];
    let isOver = false;
    const readPlainly = async () => {
      while (!isOver) {
        const rows = await query(
          `MATCH (e:${labels.events}) WHERE e.stream IN ["large", "small"]
AND e._position > $after
RETURN e._position AS position ORDER BY position LIMIT 1000`,
          { after: BigInt(plain.at(-1) ?? 0) },
        );
        plain.push(...rows.map(({ position }) => Number(String(position))));
      }
    };
    const reading = readPlainly();

    for (let commit = 0; commit < COMMITS; commit++) {
      await writing.transact(async (tx) => {
        await appendTo(writing, "large", `id ${commit}`, 1, SIZE - 1, { tx });
        await appendTo(writing, "small", `id ${commit}`, 1, 1, { tx });
      });
      await appendTo(writing, "small", `other ${commit}`, 1);
    }
    const total = COMMITS * (SIZE + 1);
    const counts = [total, total, COMMITS * (SIZE - 1)];
    for (let tries = 0; tries < 2000; tries++) {
      if (handlers.every(({ seen }, at) => seen.length >= counts[at]!)) break;
      await sleep(10);
    }
    isOver = true;
    await reading;
    for (const { handler } of handlers) await handler.stop();
    handlers.forEach(({ seen }, at) => {
      assert.equal(seen.length, counts[at], `handler ${at + 1}`);
      assert.deepEqual(seen, seen.toSorted((left, right) => left - right));
      assert.equal(new Set(seen).size, seen.length);
    });
    // It depends on the machine whether it meets a commit halfway.
    const missed = total - new Set(plain).size;
    say(`${total} events: handlers missed 0, a plain reader ${missed}`);
  });
}
