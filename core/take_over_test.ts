import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { BOOKMARK_RECORD, liveVersionKey } from "./bookmark_records.ts";
import type { StoreEvent } from "./event.ts";
import { FakeClock } from "./fake_clock.ts";
import { HandlerCursor } from "./handler_cursor.ts";
import { HandlerVersion } from "./handler_version.ts";
import { membershipOf } from "./membership.ts";
import { ParkedEvents } from "./parked_events.ts";
import type { Provider } from "./provider.ts";
import { TakeOver } from "./take_over.ts";
import { bookmarkOf, takeOverPlaceOf } from "./version_names.ts";
import type { LiveVersion } from "./version_record.ts";

const name = "model";

/** A version that stands at the first of four events, as those before it do. */
async function setUp(
  { own = 2, value, change = (provider) => provider }: {
    own?: number;
    value?: LiveVersion;
    change?: (provider: Provider<any>) => Provider<any>;
  } = {},
) {
  const shared = createProvider();
  const types = Array.from({ length: 4 }, () => ({ type: "Done" }));
  await shared.append("a", "x", 1, shared.createEvents("a", "x", 1, types));
  for (let version = 1; version <= own; version++) {
    await shared.setPosition(bookmarkOf(name, version), 1);
  }
  const { records } = shared;
  if (value) {
    await records.put(BOOKMARK_RECORD, liveVersionKey(name), value, {
      revision: 0,
    });
  }
  const provider = change({ ...shared });
  const handler = { name, version: own };
  const version = new HandlerVersion(provider, records, ["a"], handler);
  await version.refresh(1);
  const clock = new FakeClock();
  const reports: unknown[] = [];
  const takeOver = new TakeOver({
    ...{ provider, records: provider.records!, version, clock },
    report: async (error) => void reports.push(error),
  });
  const cursor = new HandlerCursor(
    provider,
    bookmarkOf(name, own),
    ["a"],
    { tailStream: false, alwaysTailStream: false },
  );
  await cursor.open();
  const page: StoreEvent<any>[] = await shared.getEventsFrom("a", 1);
  await version.countHandled({ from: 1, events: page });
  const step = (isAhead = false) => takeOver.advance(page, cursor, isAhead);
  /** A step that has to wait for the time. */
  const longStep = async (isAhead = false) => {
    const time = clock.settle().then(() => clock.advance(250));
    const [isGoingOn] = await Promise.all([step(isAhead), time]);
    return isGoingOn;
  };
  const places = async () => {
    const all: any[] = [];
    for (let version = 1; version < own; version++) {
      all.push(await shared.getPosition(bookmarkOf(name, version)));
    }
    return all;
  };
  return {
    ...{ shared, records, version, clock, reports, takeOver, cursor, page },
    ...{ step, longStep, places },
    owners: async () =>
      (await records.list("evtstore.owner"))
        .filter(({ value }) => value.member !== undefined)
        .map(({ key }) => key),
    stored: () => version.record.read(),
    from: () => shared.getPosition(takeOverPlaceOf(name, own)),
  };
}

test("it takes over when nobody has worked since before it looked", async () => {
  const { takeOver, step, version, stored, owners } = await setUp();
  takeOver.look();
  // It is woken by the lease, not by the time.
  assert.equal(await step(), true);
  assert.deepEqual(await owners(), ["model"]);
  // What it has found was read before it had the lease.
  assert.equal(await step(), true);
  assert.equal(version.isLive, false);
  takeOver.look();
  assert.equal(await step(), true);
  assert.deepEqual(version.known, {
    value: { live: 2, open: [1] },
    revision: 1,
  });
  assert.deepEqual(await stored(), version.known);
  assert.deepEqual(await owners(), []);
});

test("a lease that is lost since it looked is none", async () => {
  const { takeOver, step, longStep, version, clock } = await setUp();
  await step();
  takeOver.look();
  clock.pass(10_000);
  await longStep();
  assert.equal(version.isLive, false);
  await takeOver.end();
});

test("who is behind is let go on, though it has given way", async () => {
  const { takeOver, step, longStep, version, owners } = await setUp();
  await step();
  takeOver.look();
  assert.equal(await longStep(true), true);
  assert.deepEqual(await owners(), []);
  assert.equal(version.isLive, false);
});

test("it asks whoever is live by now to give way", async () => {
  const { takeOver, step, version, owners, records } = await setUp({ own: 3 });
  await step();
  assert.deepEqual(await owners(), ["model"]);
  const value = { live: 2, open: [1] };
  await records.put(BOOKMARK_RECORD, liveVersionKey(name), value, {
    revision: 0,
  });
  version.learn({ value, revision: 1 });
  takeOver.look();
  await step();
  assert.equal(version.isLive, false);
  assert.deepEqual(await owners(), ["model@version-2"]);
  takeOver.look();
  await step();
  assert.deepEqual(version.known?.value, { live: 3, open: [2, 1] });
});

test("it waits 30 seconds for another to give way, and anew after an end", async () => {
  const { takeOver, longStep, shared, clock } = await setUp();
  const other = membershipOf({ ...shared }, shared.records, clock)
    .ask("model", () => {}, () => {});
  await clock.settle();
  assert(other.held());
  for (let ms = 0; ms < 30_000; ms += 250) {
    assert.equal(await longStep(), true);
  }
  const late = { code: "TAKE_OVER_WAITS", bookmark: "model@version-2" };
  await assert.rejects(longStep(), late);
  await takeOver.end();
  assert.equal(await longStep(), true);
  await takeOver.end();
  await other.release();
});

test("it waits for what the one before has parked", async () => {
  const { step, records, page } = await setUp();
  await new ParkedEvents(records, "model").add(page[0]!, "bad", 2, 0);
  await assert.rejects(step(), {
    ...{ code: "TAKE_OVER_WAITS", bookmark: "model@version-2" },
  });
});

test("a store that cannot be asked for the lease is reported", async () => {
  const outage = new Error("no connection");
  const { takeOver, longStep, reports } = await setUp({
    change: (provider) => ({
      ...provider,
      records: {
        ...provider.records!,
        get: (...args) => provider.records!.get(...args),
        list: (...args) => provider.records!.list(...args),
        put: () => Promise.reject(outage),
      },
    }),
  });
  await longStep();
  await takeOver.end();
  assert.deepEqual(reports, [outage]);
});

test("a live version has nothing to do until an event comes", async () => {
  const { takeOver, cursor } = await setUp({ value: { live: 2, open: [1] } });
  assert.equal(await takeOver.advance([], cursor, false), false);
});

test("others that keep coming between are not fought for ever", async () => {
  const { takeOver, page, cursor } = await setUp({
    value: { live: 2, open: [1] },
  });
  Object.assign(cursor, { store: async () => false, follow: async () => {} });
  const step = () => takeOver.advance(page, cursor, false);
  for (const _ of [1, 2]) {
    for (let count = 0; count < 20; count++) assert.equal(await step(), true);
    await assert.rejects(step(), {
      ...{ code: "BOOKMARK_MOVED", bookmark: "model@version-2" },
    });
    await takeOver.end();
  }
});

const modes: [string, (provider: Provider<any>) => Provider<any>][] = [
  ["with transactions", (provider) => provider],
  ["without", ({ transact: _, ...provider }) => provider],
];
for (const [mode, change] of modes) {
  const value = { live: 3, open: [2, 1] };
  const create = (own: { value?: LiveVersion } = {}) =>
    setUp({ own: 3, value, change, ...own });

  test(`${mode}: all before it are closed past the next events, in one step`, async () => {
    const { step, stored, places, from, version } = await create();
    assert.equal(await step(), true);
    assert.deepEqual((await stored()).value, { live: 3, open: [] });
    assert.deepEqual(version.known, await stored());
    assert.deepEqual(await places(), [4, 4]);
    assert.equal(await from(), 1);
  });

  test(`${mode}: one that has gone on meanwhile stays open`, async () => {
    for (const [moved, open] of [[1, [1]], [2, [2, 1]]] as const) {
      const { step, stored, places, shared, version } = await create();
      await shared.setPosition(bookmarkOf(name, moved), 2);
      assert.equal(await step(), true);
      assert.deepEqual((await stored()).value, { live: 3, open: [...open] });
      assert.deepEqual(version.known, await stored());
      assert.deepEqual(await places(), moved === 1 ? [2, 4] : [1, 2]);
    }
  });

  test(`${mode}: if another has changed what is live, none is closed`, async () => {
    const { step, stored, places, version } = await create();
    const other = { live: 3, open: [2, 1], closing: 1 };
    assert(await version.record.write(other, 1));
    assert.equal(await step(), true);
    assert.deepEqual((await stored()).value, other);
    assert.deepEqual(version.known, { value, revision: 1 });
    assert.deepEqual(await places(), [1, 1]);
  });

  test(`${mode}: if its own bookmark has moved, it follows, and closes none`, async () => {
    const { step, stored, places, cursor, shared } = await create();
    cursor.moveTo(2);
    await shared.setPosition("model@version-3", 3);
    assert.equal(await step(), true);
    assert.equal(cursor.position, 3);
    assert.deepEqual((await stored()).value, value);
    assert.deepEqual(await places(), [1, 1]);
  });
}

test("without: one that was about to be closed at a crash counts as closed", async () => {
  const { step, stored, version, shared } = await setUp({
    change: ({ transact: _, ...provider }) => provider,
    value: { live: 2, open: [1], closing: 1 },
  });
  // What the crash has left on its way arrives now.
  await shared.setPosition("model", 4);
  assert.equal(await step(), true);
  assert.deepEqual((await stored()).value, { live: 2, open: [] });
  assert.deepEqual(version.known, await stored());
});
