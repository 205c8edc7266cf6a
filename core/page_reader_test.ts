import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { PageReader } from "./page_reader.ts";
import type { Sealer } from "./sealer.ts";

/** A log of so many events, read three at a time. */
async function setUp(
  count: number,
  options: { limit?: number } = { limit: 3 },
) {
  const provider = createProvider(options);
  for (let version = 1; version <= count; version++) {
    const events = [{ type: "Registered" }];
    const created = provider.createEvents("users", "ada", version, events);
    await provider.append("users", "ada", version, created);
  }
  const asked: unknown[] = [];
  const { getEventsFrom } = provider;
  provider.getEventsFrom = async (streams, position, limit) => {
    asked.push([streams, position, limit]);
    return await getEventsFrom(streams, position, limit);
  };
  const reader = new PageReader(provider, ["users"]);
  const read = async (position: number) =>
    (await reader.read(position)).map(({ position }) => position);
  return { provider, reader, read, asked };
}

test("the page behind a full one is on its way while that is handled", async () => {
  const { reader, read, asked } = await setUp(5);
  const first = await reader.read(0);
  assert.equal(reader.isEnd(first), false);
  reader.readAhead(first);
  assert.deepEqual(asked, [[["users"], 0, 3], [["users"], 3, 3]]);
  assert.deepEqual(await read(3), [4, 5]);
  assert.equal(asked.length, 2, "it was read once");
  const last = await reader.read(3);
  assert.equal(reader.isEnd(last), true);
  reader.readAhead(last);
  assert.equal(asked.length, 3, "nothing is behind one that is not full");
});

test("where the handler goes on elsewhere, what was read ahead is not used", async () => {
  const { reader, read, asked } = await setUp(6);
  reader.readAhead(await reader.read(0));
  assert.deepEqual(await read(1), [2, 3, 4]);
  reader.readAhead(await reader.read(0));
  const before = asked.length;
  reader.forget();
  assert.deepEqual(await read(3), [4, 5, 6]);
  assert.equal(asked.length, before + 1);
});

test("the rest of a page comes next, without a question", async () => {
  const { reader, read, asked } = await setUp(4, {});
  const page = await reader.read(0);
  page.scannedTo = 9;
  reader.keepRest(page, 2);
  const rest = await reader.read(2);
  assert.deepEqual(rest.map(({ version }) => version), [3, 4]);
  assert.equal(rest.scannedTo, 9);
  assert.deepEqual(asked, [[["users"], 0, 1000]]);
  // Of what nothing was handled of, all is read again.
  reader.keepRest(rest, 0);
  assert.deepEqual(await read(2), [3, 4]);
  assert.equal(asked.length, 2);
});

test("a page that is read ahead and fails, fails where it is read, or nowhere", async () => {
  const { provider, reader } = await setUp(3);
  const first = await reader.read(0);
  let finish = () => {};
  provider.getEventsFrom = () =>
    new Promise((_resolve, reject) => {
      finish = () => reject(new Error("no connection"));
    });
  reader.readAhead(first);
  let isOver = false;
  const end = reader.end().then(() => isOver = true);
  await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(isOver, false, "what is on its way is waited for");
  finish();
  await end;
  await assert.rejects(reader.read(3), /no connection/);
});

test("what is kept of a page is decrypted when it comes next", async () => {
  const provider = createProvider({ limit: 3 });
  for (const version of [1, 2, 3]) {
    const events = [{ type: "Registered", version }];
    const created = provider.createEvents("users", "ada", version, events);
    await provider.append("users", "ada", version, created);
  }
  let state = "plain";
  // As decrypting does: what is plain already stays as it is.
  const sealer = {
    open: (events: any[]) =>
      Promise.resolve(
        events.map((one) => ({ ...one, event: { state, ...one.event } })),
      ),
  } as unknown as Sealer;
  const reader = new PageReader(provider, ["users"], sealer);
  const first = await reader.read(await provider.getPosition("nobody's"));
  reader.keepRest(first, 1);
  state = "forgotten";
  const rest = await reader.read(first[0]!.position);
  assert.deepEqual(rest.map(({ event }) => event), [
    { type: "Registered", version: 2, state },
    { type: "Registered", version: 3, state },
  ]);
  // Once more, of what was kept already.
  reader.keepRest(rest, 1);
  state = "forgotten again";
  const [last, ...none] = await reader.read(rest[0]!.position);
  assert.deepEqual(last!.event, { type: "Registered", version: 3, state });
  assert.deepEqual(none, []);
});
