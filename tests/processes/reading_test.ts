import {
  createAggregate,
  createCommands,
  createDomain,
  createProcess,
  createUpcasters,
  type Provider,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";

type OrderEvent =
  | { type: "Bought"; thing: string }
  | { type: "Named"; name: string | null };
type StoredEvent =
  | OrderEvent
  | { type: "BoughtBoth"; things: string[] }
  | { type: "NamedAndBought"; name: string; thing: string };

/** The same log by positions that only the store can compare. */
function named(provider: Provider<any>): Provider<any> {
  const nameOf = (position: number) => `p${position}`;
  const numberOf = (name: any) =>
    typeof name === "string" ? Number(name.slice(1)) : name;
  const out = (event: any) => ({ ...event, position: nameOf(event.position) });
  return {
    ...provider,
    getEventsFor: async (stream, id, from, options) =>
      (await provider.getEventsFor(stream, id, numberOf(from), options))
        .map(out),
    getEventsFrom: async (stream, from, ...rest) =>
      (await provider.getEventsFrom(stream, numberOf(from), ...rest)).map(out),
    getLastEventFor: async (...args) => {
      const last = await provider.getLastEventFor(...args);
      return last && out(last);
    },
    getPosition: async (...args) => nameOf(await provider.getPosition(...args)),
    setPosition: (bookmark, position, { from, ...options } = {}) =>
      provider.setPosition(bookmark, numberOf(position), {
        ...options,
        ...from !== undefined && { from: numberOf(from) },
      }),
  };
}

function createShop(provider: Provider<any> = createProvider()) {
  const order = createAggregate({
    stream: "orders",
    create: () => ({ things: 0 }),
    fold: (event: OrderEvent, { things }) => ({
      things: event.type === "Bought" ? things + 1 : things,
    }),
    upcast: createUpcasters<StoredEvent, OrderEvent>({
      BoughtBoth: ({ things }) =>
        things.map((thing) => ({ type: "Bought", thing })),
      NamedAndBought: ({ name, thing }) => [
        { type: "Named", name },
        { type: "Bought", thing },
      ],
    }),
    personal: { fields: { Named: { name: null } } },
  });
  const parcel = createAggregate({
    stream: "parcels",
    create: () => ({ things: [] as string[] }),
    fold: (event: { type: "Packed"; thing: string }, { things }) => ({
      things: [...things, event.thing],
    }),
  });
  const { domain, forget } = createDomain({ provider }, { order, parcel });
  const orders = createCommands(domain.order, {
    name: ({ name }: { name: string }) => ({ type: "Named", name }),
  });
  const parcels = createCommands(domain.parcel, {
    pack: ({ thing }: { thing: string }) => ({ type: "Packed", thing }),
  });
  const names: (string | null)[] = [];
  const packing = createProcess({
    name: "packing",
    streams: [domain.parcel, domain.order],
    commands: { parcels },
  });
  packing.startsOn("orders", (_event, id) => id, {
    Bought: ({ thing }, { id, send }) => send.parcels.pack(id, { thing }),
    Named: ({ name }) => void names.push(name),
  });
  return { provider, domain, orders, forget, packing, names };
}

test("each event that an upcaster made of one is reacted to, once", async () => {
  const { provider, domain, packing } = createShop();
  await provider.append(
    "orders",
    "o1",
    1,
    provider.createEvents("orders", "o1", 1, [
      { type: "BoughtBoth", things: ["tea", "pot"] },
    ]),
  );
  await packing.runOnce();
  packing.reset();
  await provider.setPosition("packing", 0);
  await packing.runOnce();
  const { things } = await domain.parcel.getAggregate("o1");
  assert.deepEqual(things, ["tea", "pot"]);
});

test("also an event behind the one that began the process, at the same place of the log", async () => {
  for (const change of [(provider: Provider<any>) => provider, named]) {
    const provider = change(createProvider());
    const { domain } = createShop(provider);
    const begun: string[] = [];
    const process = createProcess({
      name: "packing",
      streams: [domain.order],
      commands: {},
    });
    process.startsOn("orders", (_event, id) => id, {
      Named: () => void begun.push("Named"),
    });
    process.on("orders", (_event, id) => id, {
      Bought: ({ thing }) => void begun.push(thing),
    });
    await provider.append(
      "orders",
      "o1",
      1,
      provider.createEvents("orders", "o1", 1, [
        { type: "NamedAndBought", name: "Ada", thing: "tea" },
      ]),
    );
    await process.runOnce();
    assert.deepEqual(begun, ["Named", "tea"]);
  }
});

test("a process reads personal fields, until their subject is forgotten", async () => {
  const { orders, forget, packing, names } = createShop();
  await orders.name("o1", { name: "Ada" });
  await packing.runOnce();
  await orders.name("o2", { name: "Bob" });
  await forget("o2");
  await packing.runOnce();
  assert.deepEqual(names, ["Ada", null]);
});
