import { createHandler, type Provider } from "evtstore";
import { instrumentHandler } from "evtstore/opentelemetry";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { Recorder } from "../tests/opentelemetry/recorder.ts";

const BOOKMARK = "messaging.consumer.group.name";

type Opened = { type: "Opened" };

async function open(provider: Provider<any>, ...ids: string[]): Promise<void> {
  for (const id of ids) {
    const events = provider.createEvents("accounts", id, 1, [
      { type: "Opened" },
    ]);
    await provider.append("accounts", id, 1, events);
  }
}

const onError = () => {};

test("lag and what is parked are read when they are collected", async () => {
  const recorder = new Recorder();
  const provider = createProvider({ onError });
  await open(provider, "ada", "bob", "eve");
  let statuses = 0;
  const handler = createHandler<{ accounts: Opened }>({
    ...{ bookmark: "mails", streams: ["accounts"], provider },
    onFailure: "park",
    retry: { times: 2, minMs: 1, maxMs: 1 },
  });
  const end = instrumentHandler({
    ...handler,
    status: () => {
      statuses++;
      return handler.status();
    },
  }, recorder);
  handler.handle("accounts", "Opened", (id) => {
    if (id === "bob") throw new RangeError("no bob");
  });
  assert.equal(statuses, 0);
  const lag = "evtstore.handler.lag.events";
  assert.deepEqual(await recorder.values(lag, BOOKMARK), { mails: 3 });
  await setTimeout(5);
  const [time] = await recorder.points("evtstore.handler.lag.time");
  assert(Number(time!.value) > 0);
  await handler.runOnce();
  assert.equal(statuses, 2);
  assert.deepEqual(await recorder.values(lag, BOOKMARK), { mails: 0 });
  for (const kind of ["events", "aggregates"]) {
    const parked = `evtstore.handler.parked.${kind}`;
    assert.deepEqual(await recorder.values(parked, BOOKMARK), { mails: 1 });
  }
  assert.deepEqual(
    await recorder.values(
      "evtstore.handler.failures",
      "evtstore.failure.outcome",
    ),
    { retry: 2, parked: 1 },
  );
  assert.deepEqual(
    await recorder.values("evtstore.handler.failures", "error.type"),
    { RangeError: 2, EVENT_PARKED: 1 },
  );
  const before = statuses;
  end();
  await recorder.collect();
  assert.equal(statuses, before);
});

test("each of several handlers has its own values", async () => {
  const recorder = new Recorder();
  const provider = createProvider();
  await open(provider, "ada");
  for (const bookmark of ["mails", "sums"]) {
    const handler = createHandler<{ accounts: Opened }>({
      ...{ bookmark, streams: ["accounts"], provider },
    });
    instrumentHandler(handler, recorder);
    if (bookmark === "sums") await handler.runOnce();
  }
  assert.deepEqual(
    await recorder.values("evtstore.handler.lag.events", BOOKMARK),
    { mails: 1, sums: 0 },
  );
});

test("a store that is away is an error of the collection, and nothing else", async () => {
  const recorder = new Recorder();
  const provider = createProvider();
  const handler = createHandler<{ accounts: Opened }>({
    ...{ bookmark: "mails", streams: ["accounts"], provider },
  });
  instrumentHandler(handler, recorder);
  provider.getEventsFrom = () => Promise.reject(new Error("away"));
  const { errors } = await recorder.collect();
  assert.match(String(errors[0]), /away/);
});

test("a lease is acquired, and released by a stop", async () => {
  const recorder = new Recorder();
  const provider = createProvider();
  const handler = createHandler<{ accounts: Opened }>({
    ...{ bookmark: "mails", streams: ["accounts"], provider },
  });
  instrumentHandler(handler, recorder);
  const working = new Promise<void>((resolve) =>
    handler.observe((change) => {
      if (change.type === "state" && change.state === "idle") resolve();
    })
  );
  handler.start();
  await working;
  await handler.stop();
  assert.deepEqual(
    await recorder.values(
      "evtstore.handler.lease.changes",
      "evtstore.lease.change",
    ),
    { acquired: 1, released: 1 },
  );
});

test("who stands by again has lost its lease; without one nothing changes", async () => {
  const recorder = new Recorder();
  const tell = (name: string, ...states: string[]) =>
    instrumentHandler({
      name,
      observe: (observer) => {
        for (const state of states) {
          observer({ type: "state", state } as any);
        }
        return () => {};
      },
      status: () => Promise.reject(new Error("not asked")),
    }, recorder)();
  tell("waits", "standby", "standby", "stopped", "standby", "retired");
  tell("never", "working", "idle", "retrying", "working", "stopped");
  const changes = () =>
    recorder.values("evtstore.handler.lease.changes", "evtstore.lease.change");
  assert.deepEqual(await changes(), {});
  tell("loses", "standby", "working", "idle", "standby", "working", "retired");
  assert.deepEqual(await changes(), { acquired: 2, lost: 1, released: 1 });
});
