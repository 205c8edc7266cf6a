import assert from "node:assert/strict";
import { createProvider } from "../../providers/mongo.ts";
import { startPrivateServer } from "./private_server.ts";
import { appendTo, onMongo, open, overriding, Tail } from "./support.ts";

/** The collection for a writer that dies after so many inserts. */
function dyingAfter(events: any, inserts: number): any {
  let left = inserts;
  const command = (document: any, options: any) => {
    if (document.insert && left-- <= 0) {
      return Promise.reject(new Error("the writer is dead"));
    }
    return events.db.command(document, options);
  };
  const db = overriding(events.db, { command });
  return overriding(events, { db });
}

onMongo(
  "a commit whose writer dies after its first document is whole",
  async (t) => {
    const { provider, events, bookmarks } = await open(t);
    const dying = createProvider({
      events: dyingAfter(events, 1),
      bookmarks,
      transactions: false,
    });
    await appendTo(dying, "ada", 1, { count: 4 });
    assert.equal(await events.countDocuments(), 1);

    // Whoever comes first finishes it, whatever it came for.
    await appendTo(provider, "bob", 1);
    assert.equal(await events.countDocuments(), 5);
    const tail = new Tail(provider, "counters");
    await tail.read();
    assert.deepEqual(tail.seen, [
      "counters ada 1",
      "counters ada 2",
      "counters ada 3",
      "counters ada 4",
      "counters bob 1",
    ]);
    assert.equal(await events.countDocuments({ more: { $exists: true } }), 0);
  },
);

onMongo("every way of reading finishes such a commit first", async (t) => {
  const { provider, events, bookmarks } = await open(t);
  const reads: ((id: string) => Promise<number | undefined>)[] = [
    async (id) => (await provider.getEventsFor("counters", id)).length,
    async (id) => (await provider.getLastEventFor("counters", id))?.version,
    async () => {
      const page = await provider.getEventsFrom("counters", undefined);
      return page.at(-1)?.version;
    },
    async (id) => (await appendTo(provider, id, 4)).length + 2,
    (id) =>
      provider.transact(async (tx) =>
        (await provider.getEventsFor("counters", id, undefined, { tx })).length
      ),
    (id) =>
      appendTo(provider, id, 2).then(
        () => 0,
        (error) => error.code === "VERSION_CONFLICT" ? 3 : 0,
      ),
  ];
  for (const [index, read] of reads.entries()) {
    const id = `id ${index}`;
    const dying = createProvider({
      events: dyingAfter(events, 1),
      bookmarks,
      transactions: false,
    });
    await appendTo(dying, id, 1, { count: 3 });
    assert.equal(await read(id), 3, `read ${index}`);
  }
});

onMongo("a server that stands alone has all but transactions", async (t) => {
  const server = await startPrivateServer(t, ["--standalone"]);
  if (!server) return;
  const { provider, events, bookmarks } = await open(t, {}, server);
  let wakes = 0;
  const end = provider.watch(() => wakes++);
  const other = createProvider({ events, bookmarks });
  await Promise.all(
    [1, 2, 3, 4].map((id) => appendTo(other, `id ${id}`, 1, { count: id })),
  );
  const tail = new Tail(provider, "counters");
  await tail.read();
  assert.equal(tail.seen.length, 10);
  for (let tries = 0; wakes === 0 && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(wakes > 0);
  end();
  await assert.rejects(
    provider.transact(() => Promise.resolve()),
    { name: "StoreError", code: "NOT_SUPPORTED" },
  );
});
