import { StoreError } from "evtstore";
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { createProvider } from "../../providers/neo4j.ts";
import {
  appendTo,
  findServers,
  openDriver,
  withNeo4j,
} from "../providers/support/neo4j.ts";

const servers = await findServers(["neo4j"], [
  "neo4j44",
  "neo4j2025",
  "neo4j35",
]);

const hostile = [
  "it's",
  'a "quote"',
  "`backtick`",
  "$name",
  "{a: 1}",
  "\\",
  "\\u0060",
  "line\nbreak",
  "\u0001\u007f",
  "__proto__",
  "constructor",
  "ü 🙂 字",
  "'} ) DETACH DELETE n //",
  "x".repeat(512),
];

for (const server of servers) {
  describe(`hostile names on ${server.name}`, () => {
    it("labels are quoted, and nothing else is touched", () =>
      withNeo4j(server, async (bystander) => {
        const kept = bystander.open();
        await appendTo(kept, "s", "kept", 1);
        const id = randomUUID();
        const labels = {
          events: `E\`) DETACH DELETE (n) // ${id}`,
          bookmarks: `B"'; $x :Other ${id}`,
        };
        await withNeo4j(server, async ({ open }) => {
          const provider = open();
          await appendTo(provider, "s", "one", 1, 2);
          await provider.setPosition("mark", 1, { from: 0 });
          await provider.records.put("k", "key", 1, { revision: 0 });
          assert.equal((await provider.getEventsFrom("s", 0)).length, 2);
          assert.equal(await open().getPosition("mark"), 1);
        }, { labels });
        assert.equal((await kept.getEventsFrom("s", 0)).length, 1);
      }));

    it("streams, ids, commands and keys are stored and read back", () =>
      withNeo4j(server, async ({ open }) => {
        const provider = open();
        for (const [index, name] of hostile.entries()) {
          await appendTo(provider, name, name, 1, 1, { commandId: name });
          const found = await provider.findCommand(name, name, name);
          assert.equal(found, 1, name);
          const [event] = await provider.getEventsFor(name, name);
          assert.equal(event?.aggregateId, name);
          assert.equal(event?.position, index + 1);
          await provider.records.put(name, name, name, { revision: 0 });
          const record = await provider.records.get(name, name);
          assert.equal(record?.value, name);
          await provider.setPosition(name, index + 1, { from: 0 });
          assert.equal(await provider.getPosition(name), index + 1);
        }
        const all = await provider.getEventsFrom(hostile, 0);
        assert.deepEqual(all.map(({ stream }) => stream), hostile);
      }));
  });
}

it("a label that Cypher would read as another one is refused", async () => {
  const client = openDriver("bolt://127.0.0.1:1/");
  const bad = ["E\\u0060", "", "E\0", "\ud800", "x".repeat(513)];
  for (const events of bad) {
    assert.throws(
      () => createProvider({ client, events, bookmarks: "B" }),
      (error) =>
        error instanceof StoreError && error.code === "INVALID_INPUT" &&
        error.field === "events",
    );
  }
  assert.throws(
    () => createProvider({ client, events: "Same", bookmarks: "Same" }),
    /Expected events, bookmarks and records to have labels of their own/,
  );
  await client.close();
});
