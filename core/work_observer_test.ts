import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createAggregate } from "./aggregate.ts";
import { CommandExecutor } from "./command_executor.ts";
import { createCommands } from "./commands.ts";
import { createDomainV1 } from "./domain_v1.ts";
import { createDomainV2 } from "./domain_v2.ts";
import { VersionError } from "./errors.ts";
import type { Provider } from "./provider.ts";
import { OBSERVER, observerOf, type WorkObserver } from "./work_observer.ts";

type Added = { type: "Added" };

const counter = createAggregate({
  stream: "counters",
  create: () => ({ value: 0 }),
  fold: (_event: Added, { value }) => ({ value: value + 1 }),
});

const added = (): Added => ({ type: "Added" });

/** A provider that counts how often it is asked for an observer. */
function counting(observer?: WorkObserver) {
  const counts = { asked: 0 };
  const provider: Provider<any> = createProvider();
  Object.defineProperty(provider, OBSERVER, {
    get: () => {
      counts.asked++;
      return observer;
    },
  });
  return { provider, counts };
}

/** An observer that writes down what it is called for. */
function recording() {
  const calls: unknown[] = [];
  const observer: WorkObserver = {
    async command(about, work) {
      calls.push(about);
      return await work();
    },
    async handle({ bookmark, events }, work) {
      calls.push([bookmark, ...events.map(({ version }) => version)]);
      return await work();
    },
  };
  return { calls, observer };
}

/** How many turns of the microtask queue some work takes. */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const counted = (async () => {
    while (!isDone) {
      turns++;
      await null;
    }
  })();
  await work();
  isDone = true;
  await counted;
  return turns;
}

test("without an observer a command takes not one turn more", async () => {
  const { provider, counts } = counting();
  const { domain } = createDomainV2({ provider }, { counter });
  const executor = new CommandExecutor(domain.counter, {});
  const named = () => executor.execute("a", added, {}, undefined, "add");
  const unnamed = () => executor.execute("a", added, {}, undefined);
  await unnamed();
  const without = await turnsOf(unnamed);
  assert.equal(counts.asked, 0);
  assert.equal(await turnsOf(named), without);
  assert.equal(counts.asked, 1);
  const observed = counting(recording().observer);
  const other = createDomainV2(observed, { counter }).domain.counter;
  const executorOfOther = new CommandExecutor(other, {});
  await executorOfOther.execute("a", added);
  const withObserver = await turnsOf(() =>
    executorOfOther.execute("a", added, {}, undefined, "add")
  );
  assert(withObserver > without, `${withObserver} > ${without}`);
});

test("a handler asks once for each callback, and for nothing else", async () => {
  const { provider, counts } = counting();
  const { domain, createHandler } = createDomainV2({ provider }, { counter });
  const counters = createCommands(domain.counter, {
    add: added,
    ignore: () => ({ type: "Ignored" }) as any,
  });
  for (const id of ["a", "b", "c"]) await counters.add(id, {});
  await counters.ignore("d", {});
  counts.asked = 0;
  const handler = createHandler("sums", ["counters"]);
  let handled = 0;
  handler.handle("counters", "Added", () => void handled++);
  await handler.runOnce();
  await handler.runOnce();
  assert.deepEqual([handled, counts.asked], [3, 3]);
});

test("an observer is called once a command, whatever it tries", async () => {
  const { calls, observer } = recording();
  const { provider } = counting(observer);
  const append = provider.append.bind(provider);
  let isFirst = true;
  provider.append = async (...args) => {
    if (isFirst) {
      isFirst = false;
      await append(...args);
    }
    return await append(...args);
  };
  const { domain } = createDomainV2({ provider }, { counter });
  const counters = createCommands(domain.counter, { add: added }, {
    retries: 1,
  });
  assert.equal((await counters.add("a", {})).version, 2);
  const about = { stream: "counters", aggregateId: "a", command: "add" };
  assert.deepEqual(calls, [about]);
});

test("commands of one aggregate's domain are observed, loaded or not", async () => {
  const { calls, observer } = recording();
  const { provider } = counting(observer);
  const { command, getAggregate } = createDomainV1({
    ...{ provider, stream: "counters" },
    aggregate: () => ({ value: 0 }),
    fold: (_event: Added, { value }: { value: number }) => ({
      value: value + 1,
    }),
  }, { add: added });
  await command.add("a", {});
  const loaded = await getAggregate("a");
  await loaded.add({});
  const about = { stream: "counters", aggregateId: "a", command: "add" };
  assert.deepEqual(calls, [about, about]);
  // Observed or not, it decides on what was loaded, which is old by now.
  await assert.rejects(loaded.add({}), VersionError);
});

test("an observer is called for each callback, and for each batch", async () => {
  const { calls, observer } = recording();
  const { provider } = counting(observer);
  const { domain, createHandler } = createDomainV2({ provider }, { counter });
  const counters = createCommands(domain.counter, { add: added });
  await counters.add("a", {});
  await counters.add("a", {});
  calls.length = 0;
  const single = createHandler("single", ["counters"]);
  let handled = 0;
  single.handle("counters", "Added", () => void handled++);
  await single.runOnce();
  assert.deepEqual(calls, [["single", 1], ["single", 2]]);
  assert.equal(handled, 2);
  calls.length = 0;
  const batch = createHandler("batch", ["counters"]);
  batch.handleBatch(async (events) => void (handled += events.length));
  await batch.runOnce();
  assert.deepEqual(calls, [["batch", 1, 2]]);
  assert.equal(handled, 4);
});

test("a provider of an application has none", () => {
  assert.equal(observerOf(createProvider()), undefined);
});
