/** A handler that parks, and what happens between two of its steps. */
import { StoreError } from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventHandler } from "../../core/event_handler.ts";
import type { EventHandlerOptions } from "../../core/event_handler_options.ts";
import { FakeClock } from "../../core/fake_clock.ts";
import { type Beside, beside } from "./beside.ts";
import { modes } from "./modes.ts";
import { type SetUp, setUp } from "./set_up.ts";

/** A handler of which each call of its provider can be preceded by something. */
function setUpBeside(
  options: Partial<EventHandlerOptions> = {},
  change: (typeof modes)[number]["change"] = (provider) => provider,
): SetUp & Pick<Beside, "before"> {
  let before: Beside["before"] = () => {};
  const world = setUp(options, (shared) => {
    const own = beside(change(shared));
    before = own.before;
    return own.provider;
  });
  return { ...world, before };
}

for (const { name, options, change } of modes) {
  const inTransaction = change({ ...setUp().shared }).transact !== undefined;

  test(`${name}: what another process parks first is parked once`, async () => {
    const pages: [number, number][] = [];
    const { handler, create, append, before, bad, seen, shared, reports } =
      setUpBeside({
        ...options,
        hooks: { postRun: async (...page) => void pages.push(page) },
      }, change);
    bad.add("x1");
    await append("xyx");
    const other = create({ provider: shared, hooks: {} });
    // A page that fails in its transaction is tried without it first.
    const isPage = options.transactional === true;
    before(
      inTransaction ? "transact" : "put",
      () => other.runOnce(),
      isPage ? 1 : 0,
    );
    assert.equal(await handler.runOnce(), 0);
    const [one = assert.fail(), ...more] = await handler.parked();
    assert.deepEqual(more, []);
    assert.deepEqual([one.version, one.lastVersion, one.failures], [1, 2, 1]);
    // Where there is no transaction, each may have handled what came between.
    assert.deepEqual([...new Set(seen)], ["y1"]);
    assert.equal(
      reports.filter(({ error }) =>
        error instanceof StoreError && error.code === "EVENT_PARKED"
      ).length,
      1,
    );
    assert.deepEqual(pages.at(-1), [0, 0]);
    const last = await shared.getLastEventFor("a");
    assert.equal(await shared.getPosition("model"), last!.position);
  });

  test(`${name}: a handler that parks and replays reads no page again`, async () => {
    const pages: [number, number][] = [];
    const { handler, append, bad, seen } = setUp({
      ...options,
      hooks: { postRun: async (...page) => void pages.push(page) },
    }, change);
    const pagesOf = async (work: () => Promise<unknown>) => {
      pages.length = 0;
      await work();
      return pages.filter(([events]) => events > 0).length === pages.length - 1;
    };
    bad.add("y1");
    await append("xy");
    assert(await pagesOf(() => handler.runOnce()), "it parks");
    await append("xy");
    assert(await pagesOf(() => handler.runOnce()), "one comes to wait");
    assert.deepEqual(pages, [[2, 1], [0, 0]]);
    bad.clear();
    await handler.replay({ aggregateId: "y" });
    await append("y");
    assert(await pagesOf(() => handler.runOnce()), "it was replayed");
    assert.deepEqual(seen, ["x1", "x2", "y1", "y2", "y3"]);
  });
}

for (const { name, options, change } of modes) {
  test(`${name}: who waits for an event learns what became of it`, async () => {
    for (const isOthers of [false, true]) {
      const world = setUpBeside(options, change);
      const { handler, create, append, before, bad, shared, clock } = world;
      bad.add("x2");
      await append("xyxx");
      const other = create({ provider: shared });
      const ends: string[] = [];
      const waits = ["x1", "y1", "x2", "x3"].map(async (event) => {
        const [id, version] = [event[0]!, Number(event[1])];
        await handler.handled("a", id, version).catch((error) => {
          event += ` ${error.code}`;
        });
        ends.push(event);
      });
      await clock.settle();
      const inTransaction = world.provider.transact !== undefined;
      if (isOthers) {
        before(
          inTransaction ? "transact" : "put",
          () => other.runOnce(),
          options.transactional ? 2 : 0,
        );
      }
      await handler.runOnce();
      await clock.settle();
      if (!isOthers) assert.deepEqual(ends, ["x1", "y1"]);
      await clock.advance(10);
      await Promise.all(waits);
      assert.deepEqual(ends.sort(), [
        ...["x1", "x2 EVENT_PARKED", "x3 EVENT_PARKED", "y1"],
      ]);
    }
  });
}

test("a batch of events that all wait is no call, and waits with its bookmark", async () => {
  for (const transactional of [false, true]) {
    const { handler, append, bad, provider, before, shared } = setUpBeside();
    bad.add("x1");
    await append("x");
    await handler.runOnce();
    await append("xx");
    const batches = new EventHandler({
      ...{ bookmark: "model", streams: ["a"], provider, transactional },
    }, new FakeClock());
    let calls = 0;
    batches.subscribeBatch(() => void calls++);
    before(
      "transact",
      () => assert.fail("one transaction is enough"),
      1,
    );
    assert.equal(await batches.runOnce(), 2);
    assert.equal((await handler.parked())[0]!.lastVersion, 3);
    assert.equal(calls, 0);
    assert.equal(await shared.getPosition("model"), 3);
  }
});

test("an event is parked in the transaction that moves the bookmark past it", async () => {
  for (const transactional of [false, true]) {
    const { handler, append, before, bad, shared } = setUpBeside({
      transactional,
    });
    bad.add("x1");
    await append("yxy");
    const places: unknown[] = [];
    const look = async () => {
      const parked = await shared.records!.list("evtstore.parked");
      places.push([await shared.getPosition("model"), parked.length]);
    };
    // The next event is behind what was parked, whatever becomes of it.
    handler.subscribe("a", "Done", async (id, _event, { version }) => {
      if (bad.has(`${id}${version}`)) throw new Error("bad event");
      if (id === "y" && version === 2) await look();
    });
    // Two tries of the page, one of each event that came first, and this one.
    if (transactional) before("setPosition", look, 4);
    await handler.runOnce();
    assert.deepEqual(places[0], [2, 1], `transactional: ${transactional}`);
  }
});

test("what a transaction has passed over waits, though it had no time for all", async () => {
  const lasts: number[] = [];
  const { handler, append, bad, clock, seen } = setUp({
    transactional: true,
    hooks: {
      postRun: async (events) => {
        if (events > 0) lasts.push((await handler.parked())[0]!.lastVersion);
      },
    },
  });
  bad.add("x1");
  await append("x");
  await handler.runOnce();
  lasts.length = 0;
  handler.subscribe("a", "Done", (id, _event, { version }, tx) => {
    clock.pass(2000);
    tx.onCommit(() => seen.push(`${id}${version}`));
  });
  // There is time for x2 and y1 first, then for y2, and x3 at last.
  await append("xyyx");
  await handler.runOnce();
  assert.deepEqual(lasts, [2, 2, 3]);
  assert.deepEqual(seen, ["y1", "y2"]);
});

test("what waits is read and written in the transaction of its bookmark", async () => {
  for (const transactional of [false, true]) {
    const calls: unknown[] = [];
    const { handler, append, bad } = setUp({ transactional }, (provider) => {
      const records = provider.records!;
      return {
        ...provider,
        records: {
          list: (...args) => records.list(...args),
          due: (...args) => records.due(...args),
          remove: (...args) => records.remove(...args),
          get(kind, key, options) {
            calls.push(["get", options?.tx !== undefined]);
            return records.get(kind, key, options);
          },
          put(kind, key, value, options) {
            calls.push(["put", options?.tx !== undefined]);
            return records.put(kind, key, value, options);
          },
        },
      };
    });
    bad.add("x1");
    await append("x");
    await handler.runOnce();
    await append("xy");
    await handler.runOnce();
    assert.deepEqual(calls, [["put", true], ["get", true], ["put", true]]);
  }
});

test("a record that changes as more comes to wait is read again", async () => {
  const { handler, append, before, bad, shared, seen } = setUpBeside(
    {},
    ({ transact: _, ...provider }) => provider,
  );
  bad.add("x1");
  await append("x");
  await handler.runOnce();
  await append("xy");
  before("put", async () => {
    const [record] = await shared.records!.list("evtstore.parked");
    const { kind, key, value, revision } = record!;
    await shared.records!.put(kind, key, { ...value, failures: 7 }, {
      revision,
    });
  });
  await handler.runOnce();
  const [one] = await handler.parked();
  assert.deepEqual([one!.lastVersion, one!.failures], [2, 7]);
  assert.deepEqual(seen, ["y1"]);
});

test("of two that were parked apart from each other the first one counts", async () => {
  const { handler, create, append, bad, seen, provider, clock } = setUp();
  bad.add("x2");
  await append("xxx");
  await handler.runOnce();
  bad.add("x1");
  await provider.setPosition("model", 0);
  const late = create();
  const waiting = assert.rejects(late.handled("a", "x", 1), {
    code: "EVENT_PARKED",
  });
  await clock.settle();
  await late.runOnce();
  await clock.advance(10);
  await waiting;
  const versions = (await handler.parked()).map(({ version }) => version);
  assert.deepEqual(versions, [1, 2]);
  bad.clear();
  seen.length = 0;
  await provider.setPosition("model", 0);
  await append("x");
  await create().runOnce();
  assert.deepEqual(seen, [], "all of x waits behind its first event");
  await handler.replay({ aggregateId: "x" });
  assert.deepEqual([...new Set(seen)], ["x1", "x2", "x3", "x4"]);
  assert.deepEqual(await handler.parked(), []);
});
