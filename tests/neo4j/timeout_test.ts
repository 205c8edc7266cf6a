import { StoreError } from "evtstore";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createProvider } from "../../providers/neo4j.ts";
import {
  appendTo,
  findServers,
  openDriver,
  ownLabels,
  until,
  withNeo4j,
} from "../providers/support/neo4j.ts";
import { startWorker } from "./start_worker.ts";

const servers = await findServers(["neo4j"], [
  "neo4j44",
  "neo4j2025",
  "neo4j35",
]);

for (const server of servers) {
  describe(`transactions that do not end on ${server.name}`, () => {
    it("one that takes too long is ended, and holds nobody up", () =>
      withNeo4j(server, async ({ open }) => {
        const [slow, other] = [open({ transactionTimeoutMs: 5000 }), open()];
        await appendTo(other, "s", "first", 1);
        let isInside = false;
        let mayEnd = false;
        const holding = slow.transact(async (tx) => {
          await appendTo(slow, "s", "held", 1, 1, { tx });
          isInside = true;
          await until(() => mayEnd);
        });
        const refused = assert.rejects(holding, (error) => {
          assert(error instanceof StoreError);
          assert.equal(error.code, "TRANSACTION_ENDED");
          assert.match(error.message, /raise transactionTimeoutMs$/);
          return true;
        });
        await until(() => isInside);
        await appendTo(other, "s", "next", 1);
        mayEnd = true;
        await refused;
        const events = await other.getEventsFrom("s", 0);
        assert.deepEqual(
          events.map(({ aggregateId }) => aggregateId),
          ["first", "next"],
        );
      }));
  });
}

for (const server of servers.filter(({ name }) => name !== "neo4j35")) {
  it(`a process that is stopped inside a transaction holds nobody up on ${server.name}`, (t) =>
    withNeo4j(server, async ({ open, labels }) => {
      const { events, bookmarks } = labels;
      const other = open();
      await appendTo(other, "s", "first", 1);
      const worker = startWorker(
        t,
        server.url,
        events,
        bookmarks,
        "hold",
        "5000",
      );
      await until(() => worker.lines().includes("inside"));
      worker.kill("SIGSTOP");
      await appendTo(other, "s", "next", 1);
      const stored = await other.getEventsFrom("s", 0);
      assert.deepEqual(
        stored.map(({ aggregateId }) => aggregateId),
        ["first", "next"],
      );
    }));
}

it("a time that is none is refused", async () => {
  const client = openDriver("bolt://127.0.0.1:1/");
  for (const transactionTimeoutMs of [0, -1, 1.5, NaN, Infinity]) {
    assert.throws(
      () => createProvider({ client, ...ownLabels(), transactionTimeoutMs }),
      (error) =>
        error instanceof StoreError && error.code === "INVALID_INPUT" &&
        error.field === "transactionTimeoutMs",
    );
  }
  await client.close();
});
