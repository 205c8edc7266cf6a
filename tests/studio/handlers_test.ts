import { createHandler, type Provider } from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import { append, ask, memory } from "./support.ts";

/** A handler that has parked what its stream has of two aggregates. */
async function parkedIn(provider: Provider<any>) {
  let isBroken = true;
  const seen: string[] = [];
  const board = createHandler<{ orders: { type: "Placed" } }>({
    bookmark: "board",
    streams: ["orders"],
    provider,
    onFailure: "park",
    retry: { times: 0 },
  });
  board.handle("orders", "Placed", (id, _event, { version }) => {
    if (isBroken && id !== "fine") {
      throw Object.assign(new RangeError(`no <b>${id}</b>`), { code: "NO" });
    }
    seen.push(`${id}@${version}`);
  });
  for (const id of ["one", "fine", "two", "one"]) {
    await append(provider, "orders", id, [{ type: "Placed" }]);
  }
  await board.runOnce();
  return { board, seen, repair: () => isBroken = false };
}

test("parked events are listed with their cause, oldest first", async () => {
  const provider = memory();
  const { board } = await parkedIn(provider);
  const { get } = ask(provider, { handlers: [board], write: true });
  const { parked, more } = await get("/api/parked");
  assert.equal(more, false);
  assert.deepEqual(
    parked.map((one: any) => [one.aggregateId, one.version, one.lastVersion]),
    [["one", 1, 2], ["two", 1, 1]],
  );
  const [one] = parked;
  assert.equal(one.bookmark, "board");
  assert.equal(one.position, "1");
  assert.equal(one.canRetry, true);
  assert.deepEqual(
    [one.error.name, one.error.message, one.error.code],
    ["RangeError", "no <b>one</b>", "NO"],
  );
  const other = await get("/api/parked", { bookmark: "other" });
  assert.deepEqual(other.parked, []);
  const readOnly = ask(provider, { handlers: [board] });
  const without = ask(provider, { write: true });
  for (const { get } of [readOnly, without]) {
    const { parked: [first] } = await get("/api/parked");
    assert.equal(first.canRetry, false);
  }
});

test("what is parked is retried by the handler's own code", async () => {
  const provider = memory();
  const { board, seen, repair } = await parkedIn(provider);
  const { post, get } = ask(provider, { handlers: [board], write: true });
  const target = { bookmark: "board", stream: "orders", aggregateId: "one" };
  const failed = await (await post("/api/retry", target)).json();
  assert.deepEqual(failed, {
    handled: 0,
    failure: { code: "NO", message: "no <b>one</b>" },
  });
  assert.equal((await get("/api/parked")).parked.length, 2);
  repair();
  assert.deepEqual(await (await post("/api/retry", target)).json(), {
    handled: 2,
  });
  assert.deepEqual(seen, ["fine@1", "one@1", "one@2"]);
  const again = await post("/api/retry", target);
  assert.deepEqual(await again.json(), { handled: 0 });
  const { parked } = await get("/api/parked");
  assert.deepEqual(parked.map((one: any) => one.aggregateId), ["two"]);
});

test("what is parked is given up, up to a version", async () => {
  const provider = memory();
  const { board } = await parkedIn(provider);
  const { post, get } = ask(provider, { handlers: [board], write: true });
  const target = { bookmark: "board", stream: "orders", aggregateId: "one" };
  for (const version of [0, 1.5, "1", undefined]) {
    const refused = await post("/api/discard", { ...target, version });
    assert.equal(refused.status, 400);
  }
  const done = await post("/api/discard", { ...target, version: 1 });
  assert.deepEqual(await done.json(), { discarded: 1 });
  const { parked } = await get("/api/parked", { bookmark: "board" });
  const left = parked.find((one: any) => one.aggregateId === "one");
  assert.deepEqual([left.version, left.lastVersion], [2, 2]);
  const all = await post("/api/discard", { ...target, version: 2 });
  assert.deepEqual(await all.json(), { discarded: 1 });
  assert.equal((await get("/api/parked")).parked.length, 1);
});

test("a handler whose code is not there is neither retried nor discarded", async () => {
  const provider = memory();
  await parkedIn(provider);
  const { post } = ask(provider, { write: true });
  const target = { bookmark: "board", stream: "orders", aggregateId: "one" };
  for (const path of ["/api/retry", "/api/discard"]) {
    const response = await post(path, { ...target, version: 1 });
    assert.equal(response.status, 501);
    assert.match((await response.json()).error.message, /--config/);
  }
});

test("without --write nothing is retried, whoever asks", async () => {
  const provider = memory();
  const { board, repair } = await parkedIn(provider);
  repair();
  const { post, get } = ask(provider, { handlers: [board] });
  const target = { bookmark: "board", stream: "orders", aggregateId: "one" };
  for (const path of ["/api/retry", "/api/discard"]) {
    const response = await post(path, { ...target, version: 2 });
    assert.equal(response.status, 403);
    assert.equal((await response.json()).error.code, "READ_ONLY");
  }
  assert.equal((await get("/api/parked")).parked.length, 2);
});

test("handlers have their lag, of their own streams where those are known", async () => {
  const provider = memory();
  const { board } = await parkedIn(provider);
  await provider.setPosition("unknown", 1);
  const late = new Date(Date.now() - 90_000);
  await append(provider, "orders", "late", [{ type: "Placed" }], { at: late });
  await append(provider, "users", "late", [{ type: "Joined" }], { at: late });
  const fresh = createHandler<{ users: { type: "Joined" } }>({
    bookmark: "fresh",
    streams: ["users"],
    provider,
  });
  const { get } = ask(provider, { handlers: [board, fresh] });
  const { handlers } = await get("/api/handlers");
  const of = (name: string) =>
    handlers.find(({ bookmark }: any) => bookmark === name);
  assert.deepEqual(
    handlers.map(({ bookmark }: any) => bookmark),
    ["board", "fresh", "unknown"],
  );
  assert.equal(of("board").lag.events, 1);
  assert.equal(of("board").lag.of, "its streams");
  assert(of("board").lag.seconds >= 89 && of("board").lag.seconds < 120);
  assert.equal(of("board").parked, 2);
  assert.equal(of("board").lastError.message, "no <b>two</b>");
  assert.equal(of("board").isKnown, true);
  assert.equal(of("fresh").position, null);
  assert.equal(of("fresh").lag.events, 1);
  assert.equal(of("unknown").lag.of, "all streams");
  assert.equal(of("unknown").lag.events, 5);
  assert.equal(of("unknown").position, "1");
  assert.equal(of("unknown").lastError, null);
});

test("the process that works on a bookmark is named", async () => {
  const provider = memory();
  const { board } = await parkedIn(provider);
  board.start();
  try {
    const { get } = ask(provider, { handlers: [board] });
    let owner: unknown = null;
    for (let tries = 0; owner === null && tries < 100; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      owner = (await get("/api/handlers")).handlers[0].owner;
    }
    assert.equal(typeof owner, "string");
  } finally {
    await board.stop();
  }
});

test("lags are sampled, at most one in five seconds", async (t) => {
  const provider = memory();
  await parkedIn(provider);
  let now = 1_000_000;
  t.mock.method(performance, "now", () => now);
  const { get } = ask(provider);
  for (let number = 0; number < 20; number++, now += 1250) {
    await get("/api/handlers");
  }
  const { samples } = await get("/api/handlers");
  assert.equal(samples.length, 6);
  for (const { lags } of samples) {
    assert.deepEqual(Object.keys(lags), ["board"]);
    assert.equal(lags.board.events, 0);
  }
  for (let number = 0; number < 400; number++, now += 5000) {
    await get("/api/handlers");
  }
  assert.equal((await get("/api/handlers")).samples.length, 360);
});

test("the slices of a handler with shards are one handler", async () => {
  const provider = memory();
  await append(provider, "orders", "one", [{ type: "Placed" }]);
  const handled: string[] = [];
  const board = createHandler<{ orders: { type: "Placed" } }>({
    bookmark: "board",
    streams: ["orders"],
    provider,
    shards: 4,
  });
  board.handle("orders", "Placed", (id) => void handled.push(id));
  board.start();
  while ((await board.status()).shards!.slices.length < 64) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await board.handled("orders", "one", 1);
  const { get } = ask(provider);
  const { handlers: [working, ...others] } = await get("/api/handlers");
  await board.stop();
  assert.deepEqual(handled, ["one"]);
  assert.deepEqual(others, []);
  assert.equal(working.bookmark, "board");
  assert.equal(working.lag.events, 0);
  assert.match(working.owner, /\d/);
});
