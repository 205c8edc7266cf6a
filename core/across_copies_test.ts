import {
  createAggregate,
  createCommands,
  createDomain,
  createProcess,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { originOf } from "./origin.ts";
import { OBSERVER } from "./work_observer.ts";

const counter = createAggregate({
  stream: "counters",
  create: () => ({ count: 0 }),
  fold: (_event: { type: "Added" }, { count }) => ({ count: count + 1 }),
});

// An application may have the library twice, also in two versions.
test("what one copy notes another one finds: by names that never change", () => {
  const { domain } = createDomain({ provider: createProvider() }, { counter });
  assert(Symbol.for("evtstore.origin") in domain.counter);
  const process = createProcess({
    ...{ name: "p", streams: [domain.counter], commands: {} },
  });
  assert(Symbol.for("evtstore.process.clock") in process);
  assert.equal(OBSERVER, Symbol.for("evtstore.WorkObserver"));
});

test("commands know how they were made, if their aggregate does", async () => {
  const provider = createProvider();
  const { domain } = createDomain({ provider }, { counter });
  const handlers = { add: () => ({ type: "Added" as const }) };
  const elsewhere = createProvider();
  const again = originOf(createCommands(domain.counter, handlers))!
    .over(elsewhere);
  await again.add("a", {});
  assert.equal((await elsewhere.getEventsFor("counters", "a")).length, 1);
  // A copy of an aggregate is one that an application has made.
  const own = createCommands({ ...domain.counter }, handlers);
  assert.equal(originOf(own), undefined);
});

test("a domain of one aggregate can be made again, and its aggregate too", async () => {
  const domain = createDomain({
    stream: "counters",
    aggregate: () => ({ count: 0 }),
    fold: (_event: { type: "Added" }, { count }) => ({ count: count + 1 }),
    provider: createProvider(),
  }, { add: () => ({ type: "Added" as const }) });
  const provider = createProvider();
  const { stream, over, aggregate } = originOf(domain)!;
  assert.equal(stream, "counters");
  await over(provider).command.add("a", {});
  const again = aggregate!(provider) as { getAggregate(id: string): unknown };
  assert.deepEqual(await again.getAggregate("a"), {
    aggregateId: "a",
    count: 1,
    version: 1,
  });
});
