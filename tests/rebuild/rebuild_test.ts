import { createHandler } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventHandler } from "../../core/event_handler.ts";
import { watched } from "../parking/watched.ts";
import { setUp } from "./set_up.ts";

test("a version where there was none before is live from the first event", async () => {
  const { append, create, within, of } = setUp();
  await append("xyx");
  await within(create(3).runOnce());
  assert.deepEqual(of(3, false), ["x1", "y1", "x2"]);
});

test("a handler without a version asks for no record of one", async () => {
  const calls: string[] = [];
  const { shared, append, create } = setUp();
  const provider = watched(shared, (name, call) => {
    calls.push(name);
    return call();
  });
  const handler = create(1, { provider });
  await append("xy");
  await handler.runOnce();
  assert.deepEqual(calls, [
    "getPosition",
    "list",
    "getEventsFrom",
    "setPosition",
    "getEventsFrom",
  ]);
});

test("a later version that is live asks for no record either, page by page", async () => {
  const calls: string[] = [];
  const { shared, append, create, within } = setUp();
  const provider = watched(shared, (name, call) => {
    calls.push(name);
    return call();
  });
  const handler = create(2, { provider });
  await append("xy");
  await within(handler.runOnce());
  await append("xy");
  calls.length = 0;
  await handler.runOnce();
  assert.deepEqual(calls, ["getEventsFrom", "setPosition", "getEventsFrom"]);
});

test("in the same process a version gives way to the next one at once", async () => {
  const world = setUp();
  const { append, create, within, of, shared, reports } = world;
  const first = create(1, { provider: shared });
  const second = create(2, { provider: shared });
  await append("xyx");
  first.start();
  await within(first.handled("a", "x", 2));
  second.start();
  await within(
    (async () => {
      while ((await second.status()).version?.live !== 2) {
        await world.clock.sleep(50);
      }
    })(),
    1_000,
  );
  await append("y");
  await within(second.handled("a", "y", 2));
  assert.deepEqual(of(1), ["x1", "y1", "x2"]);
  assert.deepEqual(of(2, false), ["y2"]);
  await within(world.clock.sleep(2_000));
  assert.equal((await first.status()).state, "retired");
  await within(Promise.all([first.stop(), second.stop()]));
  assert.deepEqual(reports, []);
});

test("status() says that a version rebuilds, and that it works once it is live", async () => {
  const { append, create, within } = setUp();
  await append("xy");
  await create(1).runOnce();
  const states: string[] = [];
  const second: EventHandler = create(2, {
    onEvent: async (event) => {
      states.push(`${event} ${(await second.status()).state}`);
    },
  });
  second.start();
  await within(second.handled("a", "y", 1));
  await append("z");
  await within(second.handled("a", "z", 1));
  await within(second.stop());
  assert.deepEqual(states, ["x1 rebuilding", "y1 rebuilding", "z1 working"]);
});

test("a retired version that is started again says so, and is retired again", async () => {
  const { append, create, within, reports } = setUp();
  await append("x");
  const first = create(1);
  await first.runOnce();
  await within(create(2).runOnce());
  for (const times of [1, 2]) {
    first.start();
    const ended = new Promise<void>((resolve) => {
      const end = first.observe((change) => {
        if (change.type !== "state" || change.state !== "retired") return;
        end();
        resolve();
      });
    });
    await within(ended);
    assert.deepEqual(reports, Array(times).fill("HANDLER_RETIRED"));
  }
});

test("a version that fails for ever never disturbs the one before", async () => {
  const world = setUp();
  const { append, create, within, of, shared, reports } = world;
  const first = create(1, { provider: { ...shared } });
  const second = create(2, {
    provider: { ...shared },
    onEvent: (event) => {
      if (event === "x1") throw new Error("bad");
    },
  });
  await append("yx");
  first.start();
  second.start();
  await within(first.handled("a", "x", 1));
  const { member } = (await shared.records!.list("evtstore.owner"))[0]!.value;
  for (let round = 2; round < 10; round++) {
    await append("x");
    await within(first.handled("a", "x", round));
    await within(world.clock.sleep(3_000));
  }
  assert.equal((await second.status()).state, "retrying");
  assert.equal((await second.status()).version?.live, 1);
  assert.deepEqual(of(2), ["y1"]);
  assert(reports.length > 3 && reports.every((report) => report === "bad"));
  const owners = await shared.records!.list("evtstore.owner");
  assert.deepEqual(
    owners.find(({ key }) => key === "model")?.value.member,
    member,
    "version 1 has lost its lease",
  );
  await within(Promise.all([first.stop(), second.stop()]));
});

test("a version before that gives no way is reported, and stays live", async () => {
  const world = setUp();
  const { append, create, within, shared, reports } = world;
  let letGo = () => {};
  const hanging = new Promise<void>((resolve) => letGo = resolve);
  const first = create(1, {
    provider: { ...shared },
    onEvent: (event) => event === "x2" ? hanging : undefined,
  });
  await append("x");
  first.start();
  await within(first.handled("a", "x", 1));
  await append("x");
  const second = create(2, { provider: { ...shared } });
  second.start();
  await within(world.clock.sleep(45_000));
  assert(reports.includes("TAKE_OVER_WAITS"), `${reports}`);
  assert.equal((await second.status()).version?.live, 1);
  letGo();
  await within(second.handled("a", "x", 2));
  await within((async () => {
    while ((await second.status()).version?.live !== 2) {
      await world.clock.sleep(100);
    }
  })());
  assert.deepEqual(world.of(1), ["x1", "x2"]);
  assert.deepEqual(world.of(2, true), ["x1", "x2"]);
  await within(Promise.all([first.stop(), second.stop()]));
});

test("what a rebuild has parked is a replay when it is replayed", async () => {
  const world = setUp();
  const { append, create, within, of } = world;
  await append("xyx");
  await create(1).runOnce();
  let isBroken = true;
  const second = create(2, {
    onFailure: "park",
    retry: { times: 0 },
    onEvent: (event) => {
      if (isBroken && event === "x1") throw new Error("bad");
    },
  });
  await within(second.runOnce());
  await append("xy"); // x3 is live, and waits behind x1
  await second.runOnce();
  assert.deepEqual(of(2), ["y1", "y2"]);
  isBroken = false;
  await second.replay({ aggregateId: "x" });
  assert.deepEqual(of(2, true), ["y1", "x1", "x2"]);
  assert.deepEqual(of(2, false), ["y2", "x3"]);
});

test("events of a batch say that they are a replay", async () => {
  const { append, create, within, shared, clock } = setUp();
  await append("xyx");
  await create(1).runOnce();
  const batches: (true | undefined)[][] = [];
  const second = new EventHandler({
    bookmark: "model",
    streams: ["a"],
    provider: shared,
    version: 2,
  }, clock);
  second.subscribeBatch((events) => {
    batches.push(events.map(({ replay }) => replay));
  }, { size: 2 });
  await within(second.runOnce());
  await append("x");
  await second.runOnce();
  assert.deepEqual(batches, [[true, true], [true], [undefined]]);
});

test("a stream that is new in a version is a replay up to the take-over", async () => {
  const provider = createProvider<any>();
  const append = (stream: string, version: number) =>
    provider.append(
      stream,
      "x",
      version,
      provider.createEvents(stream, "x", version, [{ type: "Done" }]),
    );
  const seen: string[] = [];
  const create = (streams: string[], version?: number) => {
    const handler = createHandler<any>({
      ...{ bookmark: "model", streams, provider },
      ...version && { version },
    });
    for (const stream of streams) {
      handler.handle(stream, "Done", (_id, _event, meta) => {
        seen.push(`${version ?? 1} ${stream}${meta.version} ${meta.replay}`);
      });
    }
    return handler;
  };
  await append("old", 1);
  await append("new", 1);
  await append("old", 2);
  await create(["old"]).runOnce();
  const second = create(["old", "new"], 2);
  await second.runOnce();
  await append("new", 2);
  await second.runOnce();
  assert.deepEqual(seen, [
    "1 old1 undefined",
    "1 old2 undefined",
    "2 old1 true",
    "2 new1 true",
    "2 old2 true",
    "2 new2 undefined",
  ]);
});

test("status() tells how far a rebuild is, and how long it will take", async () => {
  const world = setUp();
  const { append, create, within, clock, shared } = world;
  await append("x".repeat(2500));
  await create(1).runOnce();
  const checks: number[] = [];
  const second = create(2, {
    provider: { ...shared, limit: 500 },
    onEvent: async () => {
      clock.pass(10);
      if (world.seen.filter(({ version }) => version === 2).length % 1000) {
        return;
      }
      const { rebuild, version, state } = await second.status();
      assert.equal(version?.live, 1);
      assert.equal(state, "stopped"); // it runs once, and was not started
      checks.push(rebuild!.remaining);
      assert(rebuild!.ratio >= 0 && rebuild!.ratio < 1);
    },
  });
  assert.equal((await second.status()).rebuild?.estimateMs, undefined);
  await within(second.runOnce());
  assert.deepEqual(checks, [500, 500, 500]);
  const { rebuild, version } = await second.status();
  assert.equal(rebuild, undefined);
  assert.deepEqual(version, { number: 2, live: 2 });
});

test("the time that a rebuild will take is told by the speed so far", async () => {
  const world = setUp();
  const { append, create, within, clock, shared } = world;
  await append("abcdef");
  await create(1).runOnce();
  const told: unknown[] = [];
  const second = create(2, {
    provider: { ...shared, limit: 4 },
    onEvent: async () => {
      clock.pass(10);
      const { rebuild } = await second.status();
      told.push([rebuild?.handled, rebuild?.remaining, rebuild?.estimateMs]);
    },
  });
  await within(second.runOnce());
  assert.deepEqual(told.slice(4), [[4, 2, 25], [4, 2, 30]]);
});
