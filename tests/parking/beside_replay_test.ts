/** A replay or discard, and what happens between two of its steps. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventHandlerOptions } from "../../core/event_handler_options.ts";
import { type Beside, beside } from "./beside.ts";
import { type SetUp, setUp } from "./set_up.ts";

/** So many events of x wait, of which none is bad any more. */
async function parkedX(
  count: number,
  options: Partial<EventHandlerOptions> = {},
): Promise<SetUp & Pick<Beside, "before">> {
  let before: Beside["before"] = () => {};
  const world = setUp(options, (shared) => {
    const own = beside(shared);
    before = own.before;
    return own.provider;
  });
  world.bad.add("x1");
  await world.append("x".repeat(count));
  await world.handler.runOnce();
  world.bad.clear();
  return { ...world, before };
}

const x = { aggregateId: "x" };

test("what comes to wait at the end of a replay is part of it", async () => {
  const { handler, create, append, before, shared, seen } = await parkedX(2);
  const other = create({ provider: shared });
  await other.runOnce();
  // The replay has read it already, and nobody has said that it waits.
  await append("x");
  before("remove", () => other.runOnce());
  assert.equal(await handler.replay(x), 3);
  assert.deepEqual(seen, ["x1", "x2", "x3"]);
  assert.deepEqual(await handler.parked(), []);
});

test("what comes to wait before a transaction of a replay is part of it", async () => {
  const { handler, create, append, before, shared, seen } = await parkedX(2, {
    transactional: true,
  });
  const other = create({ provider: shared });
  before("transact", async () => {
    await append("x");
    await other.runOnce();
  });
  assert.equal(await handler.replay(x), 3);
  assert.deepEqual(seen, ["x1", "x2", "x3"]);
  assert.deepEqual(await handler.parked(), []);
});

test("a replay has ended also if another process has tidied up behind it", async () => {
  const { handler, create, before, shared } = await parkedX(2);
  before("remove", () => create({ provider: shared }).runOnce());
  assert.equal(await handler.replay(x), 2);
  assert.deepEqual(await shared.records!.list("evtstore.parked"), []);
});

test("a replay ends where all that waits is discarded", async () => {
  for (const transactional of [false, true]) {
    const { handler, create, before, shared, seen } = await parkedX(3, {
      transactional,
      checkpoint: { events: 1 },
    });
    const other = create({ provider: shared });
    before(
      transactional ? "transact" : "put",
      () => other.discard({ ...x, version: 3 }),
    );
    assert.equal(await handler.replay(x), transactional ? 0 : 1);
    assert.deepEqual(seen, transactional ? [] : ["x1"]);
    assert.deepEqual(await handler.parked(), []);
  }
});

test("a replay that another one has overtaken says so, and goes no further", async () => {
  for (const transactional of [false, true]) {
    const { handler, create, before, shared, seen } = await parkedX(3, {
      transactional,
      checkpoint: { events: 1 },
    });
    const other = create({ provider: shared });
    before(
      transactional ? "transact" : "put",
      () => other.discard({ ...x, version: 1 }),
    );
    await assert.rejects(handler.replay(x), {
      code: "BOOKMARK_MOVED",
      bookmark: "model",
    });
    assert.deepEqual(seen, transactional ? [] : ["x1"]);
    const [{ version, lastVersion } = assert.fail()] = await handler.parked();
    assert.deepEqual([version, lastVersion], [2, 3]);
  }
});

test("a replay that is stopped before its first event leaves it parked", async () => {
  const { handler, before, seen } = await parkedX(2);
  before("getEventsFor", () => void handler.stop());
  assert.equal(await handler.replay(x), 0);
  assert.deepEqual(seen, []);
  const [{ version, lastVersion } = assert.fail()] = await handler.parked();
  assert.deepEqual([version, lastVersion], [1, 2]);
});

test("a replay that is stopped tells of a failure it had no time to try again", async () => {
  const { handler, before, bad, seen, reports, problem } = await parkedX(2, {
    transactional: true,
  });
  bad.add("x2");
  reports.length = 0;
  // What stands before the failure is stored by itself; it is stopped there.
  before("put", () => void handler.stop(), 1);
  assert.equal(await handler.replay(x), 0);
  assert.deepEqual(seen, []);
  assert.deepEqual(reports.map(({ error }) => error), [problem]);
});

test("a replay that cannot read says why, and changes nothing", async () => {
  const { handler, before } = await parkedX(2);
  const outage = new Error("no connection");
  const waiting = await handler.parked();
  before("getEventsFor", () => Promise.reject(outage));
  await assert.rejects(handler.replay(x), outage);
  assert.deepEqual(await handler.parked(), waiting);
});

test("a replay reads pages, no larger than its provider's", async () => {
  for (const limit of [2, undefined]) {
    const { create, shared } = await parkedX(5);
    const limits = new Set<number | undefined>();
    const one = create({
      provider: {
        ...shared,
        limit: limit!,
        getEventsFor: (stream, id, from, options) => {
          limits.add(options?.limit);
          return shared.getEventsFor(stream, id, from, options);
        },
      },
    });
    assert.equal(await one.replay(x), 5);
    assert.deepEqual([...limits], [limit ?? 1000]);
  }
});

test("a discard beside a handler counts each event once", async () => {
  for (const version of [1, 2]) {
    const { handler, create, append, before, shared } = await parkedX(2);
    const other = create({ provider: shared });
    before(version === 2 ? "remove" : "put", async () => {
      await append("x");
      await other.runOnce();
    });
    assert.equal(await handler.discard({ ...x, version }), version);
    const [{ version: next, lastVersion } = assert.fail()] = await handler
      .parked();
    assert.deepEqual([next, lastVersion], [version + 1, 3]);
  }
});
