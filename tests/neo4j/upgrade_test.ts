import { createHandler, type Provider, StoreError } from "evtstore";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as old from "npm:evtstore@12.0.1/provider/neo4j.js";
import * as oldV3 from "npm:evtstore@12.0.1/provider/neo4j-v3.js";
import {
  appendTo,
  findServers,
  type Neo4jDatabase,
  type Neo4jServer,
  sleep,
  withNeo4j,
} from "../providers/support/neo4j.ts";

const servers = await findServers(["neo4j"], [
  "neo4j44",
  "neo4j2025",
  "neo4j35",
]);

for (const server of servers) {
  describe(`nodes of evtstore 12 on ${server.name}`, () => {
    const on = (
      work: (database: Neo4jDatabase, server: Neo4jServer) => Promise<void>,
    ) =>
      withNeo4j(server, (database) => work(database, server), {
        migrate: false,
      });
    it("are opened in place, each handler where it was", () => on(testUpgrade));
    it("at the same time, and of ambiguous keys, stay apart", () =>
      on(testTies));
    it("that have the same version twice are refused by name", () =>
      on(testCollision));
    it("an old writer is noticed, and what it wrote is not lost", () =>
      on(testOldWriter));
    it("bookmarks of one name are separated", () => on(testBookmarks));
    it("print shows what is missing, and then nothing", () => on(testPrint));
  });
}

/** evtstore 12 on this server, as an application ran it. */
async function openOld(
  { client, labels, query }: Neo4jDatabase,
  { name }: Neo4jServer,
): Promise<Provider<any>> {
  const options: any = { client, ...labels };
  if (name === "neo4j35") {
    await oldV3.migrate(options);
    return oldV3.createProvider(options) as any;
  }
  // Its own migrate is in a syntax that Neo4j 5 does not know any more.
  if (name === "neo4j44") await old.migrate(options);
  else {
    await query(
      `CREATE INDEX FOR (e:${labels.events}) ON (e.stream, e.position)`,
    );
    await query(
      `CREATE CONSTRAINT FOR (e:${labels.events}) REQUIRE e._streamIdVersion IS UNIQUE`,
    );
  }
  return old.createProvider(options) as any;
}

async function write(
  provider: Provider<any>,
  stream: string,
  id: string,
  version: number,
  count = 1,
): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => ({
    type: "Written",
    text: `${id} ${version + index}`,
  }));
  const created = provider.createEvents(stream, id, version, events);
  await provider.append(stream, id, version, created);
}

const shown = (events: any[]) =>
  events.map(({ aggregateId, version, event, timestamp }) => ({
    aggregateId,
    version,
    event,
    time: new Date(timestamp).getTime(),
  }));

async function testUpgrade(
  database: Neo4jDatabase,
  server: Neo4jServer,
): Promise<void> {
  const { client, labels, open, query } = database;
  const before = await openOld(database, server);
  for (let version = 1; version <= 4; version += 2) {
    await write(before, "s", "a", version, 2);
    await write(before, "s", "b", version, 2);
    await write(before, "t", "a", version, 2);
  }
  const log = await before.getEventsFrom("s", 0);
  assert.equal(log.length, 8);
  const passed: { [bookmark: string]: number } = { none: 0, half: 3, all: 8 };
  await before.setPosition("none", 0);
  await before.setPosition("half", log[2]!.position);
  await before.setPosition("all", log[7]!.position);

  await server.module.migrate({ client, ...labels });
  await server.module.migrate({ client, ...labels });

  const after = open();
  const page = await after.getEventsFrom(["s", "t"], 0);
  assert.deepEqual(page.map(({ position }) => position), numbers(12));
  assert.deepEqual(
    shown(page.filter(({ stream }) => stream === "s")),
    shown(log),
  );
  assert.deepEqual(
    shown(await after.getEventsFor("s", "a")),
    shown(log.filter(({ aggregateId }) => aggregateId === "a")),
  );
  for (const [bookmark, count] of Object.entries(passed)) {
    const position = await after.getPosition(bookmark);
    const rest = await after.getEventsFrom("s", position);
    assert.deepEqual(shown(rest), shown(log.slice(count)), bookmark);
  }
  // The old properties are there still.
  const [kept] = await query(
    `MATCH (e:${labels.events}) WHERE e._streamIdVersion = 's_a_1' RETURN toString(e.position) AS position`,
  );
  assert.equal(
    new Date(kept.position).getTime(),
    log.find(({ aggregateId }) => aggregateId === "a")!.position,
  );

  await appendTo(after, "s", "a", 5);
  await assert.rejects(appendTo(after, "s", "b", 4), { name: "VersionError" });
  assert.equal((await after.getLastEventFor("s"))?.position, 13);
  assert.equal((await after.horizon()).position, 13);
}

async function testTies(
  database: Neo4jDatabase,
  server: Neo4jServer,
): Promise<void> {
  const { client, labels, open, query } = database;
  const before = await openOld(database, server);
  await write(before, "a", "b_1", 1, 3);
  await query(
    `MATCH (e:${labels.events}) SET e.position = datetime("2020-01-01T00:00:00Z")`,
  );
  await server.module.migrate({ client, ...labels });
  const after = open();
  // The key that evtstore 12 would make of it is one that is there.
  await appendTo(after, "a_b", "1", 1, 3);
  const page = await after.getEventsFrom(["a", "a_b"], 0);
  assert.deepEqual(
    page.map(({ stream, version, position }) => [stream, version, position]),
    [1, 2, 3].map((at) => ["a", at, at])
      .concat([1, 2, 3].map((at) => ["a_b", at, at + 3])),
  );
}

async function testCollision(
  database: Neo4jDatabase,
  server: Neo4jServer,
): Promise<void> {
  const { client, labels, open, query } = database;
  const before = await openOld(database, server);
  await write(before, "s", "a", 1, 2);
  // Without its constraint, evtstore 12 stored what it liked.
  await query(
    `MATCH (e:${labels.events}) WHERE e.version = 2
CREATE (f:${labels.events}) SET f.stream = e.stream, f.aggregateId = e.aggregateId, f.version = e.version,
  f.position = e.position, f.timestamp = e.timestamp, f.event = e.event,
  f._streamIdVersion = "other"`,
  );
  await assert.rejects(
    server.module.migrate({ client, ...labels }),
    (error) => {
      assert(error instanceof StoreError);
      assert.equal(error.code, "VERSIONS_COLLIDE");
      assert.match(
        error.message,
        /such as version 2 of "a" in stream "s"; give/,
      );
      return true;
    },
  );
  await assert.rejects(open().getEventsFrom("s", 0), { code: "NOT_MIGRATED" });
  await query(
    `MATCH (e:${labels.events}) WHERE e._streamIdVersion = "other" SET e.version = 3`,
  );
  await server.module.migrate({ client, ...labels });
  assert.equal((await open().getEventsFor("s", "a")).length, 3);
}

async function testOldWriter(
  database: Neo4jDatabase,
  server: Neo4jServer,
): Promise<void> {
  const { client, labels, open } = database;
  const before = await openOld(database, server);
  await write(before, "s", "a", 1, 2);
  await server.module.migrate({ client, ...labels });
  const after = open();
  const errors: any[] = [];
  const seen: string[] = [];
  const handler = createHandler<any>({
    bookmark: "tail",
    streams: ["s"],
    provider: { ...after, onError: (error) => errors.push(error) },
  });
  handler.handle("s", "Written", async (id, _event, { version }) => {
    seen.push(`${id} ${version}`);
  });
  handler.start();
  await appendTo(after, "s", "b", 1);

  await write(before, "s", "a", 3);
  for (let tries = 0; tries < 500 && errors.length === 0; tries++) {
    await sleep(10);
  }
  assert.equal(errors[0]?.code, "FOREIGN_WRITER");
  assert.match(
    errors[0].message,
    /stop every process that writes with evtstore 12, then run migrate/,
  );
  for (
    const call of [
      () => after.getEventsFor("s", "a"),
      () => after.getEventsFrom("s", 0),
      () => appendTo(after, "s", "a", 3),
      () => appendTo(after, "s", "a", 4),
    ]
  ) await assert.rejects(call, { code: "FOREIGN_WRITER" });
  // Who has nothing to do with it goes on.
  await appendTo(after, "s", "b", 2);

  await server.module.migrate({ client, ...labels });
  await appendTo(after, "s", "a", 4);
  const all = ["a 1", "a 2", "b 1", "b 2", "a 3", "a 4"];
  for (let tries = 0; tries < 1000 && seen.length < all.length; tries++) {
    await sleep(10);
  }
  await handler.stop();
  assert.deepEqual(seen, all);
}

async function testBookmarks(
  database: Neo4jDatabase,
  server: Neo4jServer,
): Promise<void> {
  const { client, labels, open, query } = database;
  const before = await openOld(database, server);
  await write(before, "s", "a", 1, 4);
  const log = await before.getEventsFrom("s", 0);
  for (const at of [2, 1]) {
    await query(
      `CREATE (b:${labels.bookmarks}) SET b.bookmark = 'twice', b.position = $position`,
      { position: new Date(log[at]!.position).toISOString() },
    );
  }
  await server.module.migrate({ client, ...labels });
  const after = open();
  // The one that is behind: no event is lost.
  assert.equal(await after.getPosition("twice"), 2);

  // A handler of the old version that begins now.
  await before.setPosition("late", log[3]!.position);
  await assert.rejects(after.getPosition("late"), { code: "NOT_MIGRATED" });
  await appendTo(after, "s", "a", 5);
  await server.module.migrate({ client, ...labels });
  assert.equal(await after.getPosition("late"), 4);
}

async function testPrint(
  database: Neo4jDatabase,
  server: Neo4jServer,
): Promise<void> {
  const { client, labels, open, query } = database;
  const { migrate } = server.module;
  const statements = await migrate({ client, ...labels, print: true });
  assert.match(statements.join("\n"), /_key IS UNIQUE/);
  await assert.rejects(open().getEventsFrom("s", 0), { code: "NOT_MIGRATED" });
  for (const statement of statements) await query(statement);
  assert.deepEqual(await migrate({ client, ...labels, print: true }), []);
  await appendTo(open(), "s", "a", 1);
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
