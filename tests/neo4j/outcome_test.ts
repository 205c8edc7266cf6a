import { createHandler, StoreError } from "evtstore";
import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { describe, it } from "node:test";
import { Neo4jStore } from "../../providers/neo4j/store.ts";
import {
  appendTo,
  findServers,
  isLong,
  type Neo4jServer,
  openDriver,
  sleep,
  until,
  withNeo4j,
} from "../providers/support/neo4j.ts";

const servers = await findServers(["neo4j"], [
  "neo4j44",
  "neo4j2025",
  "neo4j35",
]);

for (const server of servers) {
  describe(`lost answers on ${server.name}`, () => {
    it("an append whose answer is lost is stored once, and known", () =>
      onCutConnection(server, async ({ provider, cut, query, labels }) => {
        await appendTo(provider, "s", "a", 1);
        cut();
        const stored = await appendTo(provider, "s", "a", 2, 3);
        assert.deepEqual(stored.map(({ position }) => position), [2, 3, 4]);
        const rows = await query(
          `MATCH (e:${labels.events}) RETURN e.version AS version`,
        );
        assert.equal(rows.length, 4);
        // Others that come later are refused as ever.
        await assert.rejects(appendTo(provider, "s", "a", 2), {
          name: "VersionError",
        });
      }));

    it("a bookmark and a record are moved once, and say so", () =>
      onCutConnection(server, async ({ provider, cut }) => {
        const { records } = provider;
        assert.equal(await provider.setPosition("b", 1, { from: 0 }), true);
        cut();
        assert.equal(await provider.setPosition("b", 2, { from: 1 }), true);
        assert.equal(await provider.setPosition("b", 3, { from: 1 }), false);
        cut();
        assert.equal(await records.put("k", "r", 1, { revision: 0 }), true);
        cut();
        assert.equal(await records.put("k", "r", 2, { revision: 1 }), true);
        assert.equal((await records.get("k", "r"))?.revision, 2);
        cut();
        await assert.rejects(records.remove("k", "r"), {
          code: "OUTCOME_UNKNOWN",
        });
        assert.equal(await records.get("k", "r"), undefined);
      }));

    it("a transaction whose commit gets no answer says that it is unknown", () =>
      onCutConnection(server, async ({ provider, cut }) => {
        const committing = provider.transact(async (tx) => {
          await appendTo(provider, "s", "a", 1, 2, { tx });
          cut();
        });
        await assert.rejects(committing, { code: "OUTCOME_UNKNOWN" });
        assert.equal((await provider.getEventsFor("s", "a")).length, 2);
      }));

    it("a handler whose connections are cut goes on by itself", () =>
      onCutConnection(server, async ({ provider, open, cutAll }) => {
        const writer = open();
        const seen: number[] = [];
        const failures: string[] = [];
        const handler = createHandler<any>({
          bookmark: "tail",
          streams: ["s"],
          provider: { ...provider, onError: (e) => failures.push(e.code) },
        });
        handler.handle("s", "Written", async (_id, _event, { position }) => {
          seen.push(position);
        });
        handler.start();
        for (let version = 1; version <= 5; version++) {
          await appendTo(writer, "s", "a", version);
          await until(() => seen.at(-1) === version);
          cutAll();
        }
        await handler.stop();
        assert.deepEqual([...new Set(seen)], [1, 2, 3, 4, 5]);
        assert.deepEqual(failures, []);
      }));

    it("an append beside the own transaction is refused at once", () =>
      withNeo4j(server, async ({ open }) => {
        const provider = open();
        await provider.transact(async (tx) => {
          await appendTo(provider, "s", "before", 1);
          await appendTo(provider, "s", "a", 1, 1, { tx });
          await assert.rejects(appendTo(provider, "s", "b", 1), {
            code: "TRANSACTION_JOINED",
          });
        });
        await appendTo(provider, "s", "b", 1);
      }));

    if (isLong) {
      it("an append that waits too long for a transaction is told so", () =>
        withNeo4j(server, async ({ open }) => {
          const [one, other] = [open(), open()];
          await one.transact(async (tx) => {
            await appendTo(one, "s", "a", 1, 1, { tx });
            await assert.rejects(appendTo(other, "s", "b", 1), {
              code: "LOCK_TIMEOUT",
            });
          });
          await appendTo(other, "s", "b", 1);
        }));
    }
  });
}

it("a server that is not there is CONNECTION_LOST, after some patience", async () => {
  const client = openDriver("bolt://127.0.0.1:1/");
  let now = 0;
  const store = new Neo4jStore(client as any, undefined, {
    monotonic: () => now,
    now: () => now,
    random: () => 0,
    sleep: async (ms) => void (now += ms),
  });
  await assert.rejects(store.run({ what: "append" }, "RETURN 1"), (error) => {
    assert(error instanceof StoreError);
    assert.equal(error.code, "CONNECTION_LOST");
    assert.match(error.message, /^Cannot run append: .*; nothing was stored$/s);
    return true;
  });
  assert(now >= 10_000);
  await client.close();
  await assert.rejects(store.run({ what: "append" }, "RETURN 1"), {
    code: "STORE_CLOSED",
  });
});

type Cut = {
  provider: ReturnType<Parameters<Parameters<typeof withNeo4j>[1]>[0]["open"]>;
  labels: { events: string };
  query: (text: string) => Promise<any[]>;
  /** Opens a provider whose connections stay. */
  open: Parameters<Parameters<typeof withNeo4j>[1]>[0]["open"];
  /** Ends every connection. */
  cutAll: () => void;
  /** Loses the next answer of the server, and the connection with it. */
  cut: () => void;
};

async function onCutConnection(
  server: Neo4jServer,
  work: (given: Cut) => Promise<void>,
): Promise<void> {
  await withNeo4j(server, async ({ labels, query, open }) => {
    let isCut = false;
    const sockets = new Set<Socket>();
    const { hostname, port } = new URL(server.url);
    const between = createServer((socket) => {
      const upstream = connect(Number(port), hostname);
      for (const one of [socket, upstream]) {
        sockets.add(one.on("error", () => {}));
        one.on("close", () => {
          socket.destroy();
          upstream.destroy();
        });
      }
      let isLost = false;
      socket.on("data", (data) => upstream.write(data));
      upstream.on("data", (data) => {
        if (!isCut && !isLost) return void socket.write(data);
        isCut = false;
        if (isLost) return;
        isLost = true;
        // By then it has committed.
        setTimeout(() => socket.destroy(), 400);
      });
    });
    await new Promise<void>((resolve) =>
      between.listen(0, "127.0.0.1", resolve)
    );
    const address = between.address() as { port: number };
    const client = openDriver(`bolt://127.0.0.1:${address.port}/`);
    const provider = server.module.createProvider({ client, ...labels });
    try {
      await provider.getEventsFrom("s", 0);
      await work({
        provider,
        labels,
        query,
        open,
        cut: () => void (isCut = true),
        cutAll: () => sockets.forEach((socket) => socket.destroy()),
      });
    } finally {
      await sleep(50);
      await client.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => between.close(resolve));
    }
  });
}
