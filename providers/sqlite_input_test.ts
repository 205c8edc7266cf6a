import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { createProvider, migrate } from "./sqlite.ts";

async function open() {
  const client = new DatabaseSync(":memory:");
  await migrate({ client });
  return { client, provider: createProvider({ client, onError: () => {} }) };
}

test("an argument that could not be stored is refused by its name", async () => {
  const { provider, client } = await open();
  const wrong: any = "\ud800";
  const events = provider.createEvents("a", "x", 1, [{ type: "Done" }]);
  const calls: [() => Promise<unknown>, string][] = [
    [() => provider.getPosition(wrong), "bookmark"],
    [() => provider.setPosition(wrong, 1), "bookmark"],
    [() => provider.setPosition("model", wrong), "position"],
    [() => provider.setPosition("model", 1, { from: wrong }), "from"],
    [() => provider.getEventsFrom(wrong, 0), "stream"],
    [() => provider.getEventsFrom(["a", wrong], 0), "stream"],
    [() => provider.getEventsFrom("a", wrong), "position"],
    [() => provider.getEventsFor(wrong, "x"), "stream"],
    [() => provider.getEventsFor("a", wrong), "aggregateId"],
    [() => provider.getEventsFor("a", "x", wrong), "fromPosition"],
    [() => provider.getLastEventFor(wrong), "stream"],
    [() => provider.getLastEventFor("a", wrong), "aggregateId"],
    [() => provider.findCommand(wrong, "x", "c"), "stream"],
    [() => provider.findCommand("a", wrong, "c"), "aggregateId"],
    [() => provider.findCommand("a", "x", wrong), "commandId"],
    [() => provider.hold(wrong, "x", 1, { tx: client }), "stream"],
    [() => provider.hold("a", wrong, 1, { tx: client }), "aggregateId"],
    [() => provider.catalog.commands(wrong, 1), "after"],
    [() => provider.catalog.commands(0, wrong), "upTo"],
    [() => provider.append(wrong, "x", 1, events), "stream"],
    [() => provider.append("a", wrong, 1, events), "aggregateId"],
    [
      () => provider.append("a", "x", 1, events, { commandId: wrong }),
      "commandId",
    ],
    [() => provider.records.put(wrong, "k", 1, { revision: 0 }), "kind"],
    [() => provider.records.put("k", wrong, 1, { revision: 0 }), "key"],
    [() => provider.records.put("k", "k", 1n, { revision: 0 }), "value"],
    [() => provider.records.put("k", "k", 1, { revision: -1 }), "revision"],
  ];
  for (const [call, field] of calls) {
    await assert.rejects(async () => await call(), {
      code: "INVALID_INPUT",
      field,
    }, call.toString());
  }
  client.close();
});

test("a database that is closed is told of with what was asked for", async () => {
  const { provider, client } = await open();
  const events = provider.createEvents("a", "x", 1, [{ type: "Done" }]);
  client.close();
  const calls: [() => Promise<unknown>, string, object][] = [
    [() => provider.getPosition("model"), "getPosition", { bookmark: "model" }],
    [
      () => provider.setPosition("model", 1),
      "setPosition",
      { bookmark: "model" },
    ],
    [
      () => provider.getEventsFrom(["a", "b"], 0),
      "getEventsFrom",
      { stream: "a, b" },
    ],
    [
      () => provider.getEventsFor("a", "x"),
      "getEventsFor",
      { stream: "a", aggregateId: "x" },
    ],
    [
      () => provider.getLastEventFor(["a", "b"]),
      "getLastEventFor",
      { stream: "a, b" },
    ],
    [
      () => provider.append("a", "x", 1, events),
      "append",
      { stream: "a", aggregateId: "x" },
    ],
    [
      () => provider.findCommand("a", "x", "c"),
      "findCommand",
      { stream: "a", aggregateId: "x", commandId: "c" },
    ],
    [() => provider.horizon(), "horizon", {}],
    [() => provider.catalog.streams(), "streams", {}],
    [() => provider.catalog.bookmarks(), "bookmarks", {}],
    [() => provider.catalog.commands(0, 1), "commands", {}],
    [() => provider.records.get("kind", "key"), "records.get", {}],
    [() => provider.records.list("kind"), "records.list", {}],
    [() => provider.records.due("kind", 1), "records.due", {}],
    [
      () => provider.records.put("kind", "key", 1, { revision: 0 }),
      "records.put",
      {},
    ],
    [() => provider.records.remove("kind", "key"), "records.remove", {}],
  ];
  for (const [call, what, facts] of calls) {
    await assert.rejects(call, (error: any) => {
      const { code, message, ...rest } = error;
      const { stream, aggregateId, bookmark, commandId } = rest;
      assert.equal(code, "STORE_CLOSED");
      assert(message.startsWith(`Cannot run ${what}: `), message);
      const found = Object.entries({ stream, aggregateId, bookmark, commandId })
        .filter(([, value]) => value !== undefined);
      assert.deepEqual(Object.fromEntries(found), facts);
      return true;
    });
  }
});

test("what cannot be held is told of with its aggregate", async () => {
  const { provider, client } = await open();
  await provider.transact(async (tx) => {
    tx.exec("DROP TABLE events");
    await assert.rejects(provider.hold("a", "x", 1, { tx }), {
      code: "NOT_MIGRATED",
      message: /^Cannot run hold: /,
      stream: "a",
      aggregateId: "x",
    });
  });
  client.close();
});

test("what is no position of this provider is refused, by its name", async () => {
  const client = new DatabaseSync(":memory:");
  await migrate({ client });
  const provider = createProvider({ client });
  const refused = (field: string) => ({ code: "INVALID_INPUT", field });
  for (const position of ["7", 1.5, {}, NaN]) {
    await assert.rejects(
      provider.getEventsFrom("stream", position),
      refused("position"),
    );
    await assert.rejects(
      provider.setPosition("bookmark", 1, { from: position }),
      refused("from"),
    );
  }
  // What another driver has read as a bigint is one.
  await provider.setPosition("bookmark", 3n);
  assert.equal(await provider.getPosition("bookmark"), 3);
  await provider.close();
});
