import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { MongoClient } from "npm:mongodb@7";
import { StoreError } from "evtstore";
import { createProvider } from "../../providers/mongo.ts";
import { mongoUrl } from "../providers/support/mongo.ts";
import { onMongo, open } from "./support.ts";

/** More than the buffers of both sockets hold, so that the driver waits. */
const LARGE = "x".repeat(12 * 1024 * 1024);

/** Stands before the server, and can stop to read and then end a connection. */
async function startStaller(
  t: TestContext,
): Promise<{ url: string; stall(): void }> {
  const target = new URL(mongoUrl!);
  const sockets = new Set<Socket>();
  let isStalling = false;
  const server = createServer((client) => {
    const behind = connect(Number(target.port), target.hostname);
    for (const socket of [client, behind]) {
      sockets.add(socket);
      const end = () => {
        sockets.delete(socket);
        client.destroy();
        behind.destroy();
      };
      socket.on("error", end).on("close", end);
    }
    behind.on("data", (data) => client.write(data));
    client.on("data", (data) => {
      // Only what fills a buffer is the append.
      if (isStalling && data.length > 10_000) {
        isStalling = false;
        client.pause();
        setTimeout(() => client.destroy(), 100);
      } else behind.write(data);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const url = new URL(mongoUrl!);
  url.port = String((server.address() as AddressInfo).port);
  url.searchParams.set("directConnection", "true");
  return { url: url.href, stall: () => isStalling = true };
}

onMongo(
  "a connection that is lost while the driver waits to write is an error of the library",
  async (t) => {
    const { provider, database } = await open(t);
    const { url, stall } = await startStaller(t);
    const client = new MongoClient(url);
    t.after(() => client.close());
    const behind = client.db(database.databaseName);
    const writer = createProvider({
      events: behind.collection("events"),
      bookmarks: behind.collection("bookmarks"),
      onError: () => {},
    });
    const append = (id: string, note: string) =>
      writer.append(
        "counters",
        id,
        1,
        writer.createEvents("counters", id, 1, [{ type: "Noted", note }]),
      );
    await append("small", "a");
    stall();
    const outcome = await append("large", LARGE).then(
      () => undefined,
      (e) => e,
    );
    const stored = await provider.getEventsFor("counters", "large");
    if (outcome) {
      assert(outcome instanceof StoreError, String(outcome));
      assert.match(outcome.code, /^(OUTCOME_UNKNOWN|CONNECTION_LOST)$/);
    } else assert.equal(stored.length, 1);
    await append("small again", "a");
  },
);
