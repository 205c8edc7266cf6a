import assert from "node:assert/strict";
import { createHandler, StoreError } from "evtstore";
import { createProvider } from "../../providers/mongo.ts";
import { appendTo, onMongo, open, sleep } from "./support.ts";
import { startPrivateServer } from "./private_server.ts";

/** What MongoDB answers when its disk is full. */
const OUT_OF_DISK_SPACE = 14031;
const WRITES = ["insert", "update", "findAndModify", "delete"];

onMongo(
  "a full disk is STORE_FULL: nothing is stored by halves, and all goes on when there is room",
  async (t) => {
    const server = await startPrivateServer(t);
    if (!server) return;
    const { database, events, bookmarks } = await open(t, {}, server);
    const admin = database.client.db("admin");
    const setFull = (isFull: boolean) =>
      admin.command({
        configureFailPoint: "failCommand",
        mode: isFull ? "alwaysOn" : "off",
        data: { failCommands: WRITES, errorCode: OUT_OF_DISK_SPACE },
      });
    const reports: StoreError[] = [];
    const provider = createProvider({
      events,
      bookmarks,
      onError: (error) => void reports.push(error as StoreError),
    });
    const seen: number[] = [];
    const handler = createHandler<{ counters: { type: "Counted" } }>({
      bookmark: "handler",
      streams: ["counters"],
      provider,
      poll: 20,
      exclusive: false,
    });
    handler.handle("counters", "Counted", async (_id, _event, { version }) => {
      seen.push(version);
    });
    await appendTo(provider, "ada", 1, { count: 2 });

    await setFull(true);
    handler.start();
    // A single event needs no transaction.
    for (const count of [1, 3]) {
      await assert.rejects(
        appendTo(provider, "ada", 3, { count }),
        (error) => error instanceof StoreError && error.code === "STORE_FULL",
      );
    }
    assert.equal((await provider.getEventsFor("counters", "ada")).length, 2);
    for (let tries = 0; reports.length === 0 && tries < 500; tries++) {
      await sleep(20);
    }
    assert.deepEqual(
      [...new Set(reports.map(({ code }) => code))],
      ["STORE_FULL"],
    );

    await setFull(false);
    await appendTo(provider, "ada", 3, { count: 3 });
    for (let tries = 0; !seen.includes(5) && tries < 500; tries++) {
      await sleep(20);
    }
    await handler.stop();
    assert.deepEqual([...new Set(seen)], [1, 2, 3, 4, 5]);
    const stored = await provider.getEventsFor("counters", "ada");
    assert.deepEqual(
      await provider.getPosition("handler"),
      stored.at(-1)!.position,
    );
  },
);
