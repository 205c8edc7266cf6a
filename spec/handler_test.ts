import {
  createAggregate,
  createCommands,
  createDomain,
  createHandler,
  type Provider,
  type StreamHandler,
} from "evtstore";
import { AssertionError, callsOf, spec, spy } from "evtstore/spec";
import assert from "node:assert/strict";
import { test } from "node:test";

type OrderEvent =
  | { type: "Placed"; item: string }
  | { type: "Paid" }
  | { type: "Shipped"; parcels: number };
type StockEvent = { type: "SoldOut" };

const order = createAggregate({
  stream: "orders",
  create: () => ({ item: "" }),
  fold: (event: OrderEvent) =>
    event.type === "Placed" ? { item: event.item } : {},
});

function createShop(provider: Provider<any>) {
  const { domain } = createDomain({ provider }, { order });
  return createCommands(domain.order, {
    ship({ parcels }: { parcels: number }, { item }) {
      if (!item) throw new Error("Nothing was ordered");
      return { type: "Shipped", parcels };
    },
  });
}
type Orders = Pick<ReturnType<typeof createShop>, "ship">;

function createShipping(
  provider: Provider<any>,
  orders: Orders,
): StreamHandler<{ orders: OrderEvent; stock: StockEvent }> {
  const handler = createHandler<{ orders: OrderEvent; stock: StockEvent }>({
    bookmark: "shipping",
    streams: ["orders", "stock"],
    provider,
  });
  handler.handle(
    "orders",
    "Paid",
    (id, _event, { metadata }) =>
      orders.ship(id, { parcels: 1 }, { commandId: `${metadata?.paymentId}` }),
  );
  return handler;
}

/** What a specification that does not hold rejects with. */
async function failureOf(promise: PromiseLike<void>): Promise<AssertionError> {
  const error = await promise.then(() => undefined, (error) => error);
  assert(error instanceof AssertionError, String(error));
  return error;
}

test("thenCalls() compares the calls of a spy", async () => {
  const orders = spy<Orders>();
  const shipping = spec((provider) => createShipping(provider, orders))
    .given("orders", "o1", [
      { type: "Placed", item: "lamp" },
      { event: { type: "Paid" }, metadata: { paymentId: "p1" } },
    ]);
  await shipping.thenCalls(orders, [
    ["ship", "o1", { parcels: 1 }, { commandId: "p1" }],
  ]);
  // The calls of the run before are not counted.
  const error = await failureOf(shipping.thenCalls(orders, [
    ["ship", "o1", { parcels: 2 }, { commandId: "p1" }],
  ]));
  assert.equal(
    error.message,
    `Handler "shipping" made other calls than expected
- expected
+ actual

  [
    [
      "ship",
      "o1",
-     { parcels: 2 },
+     { parcels: 1 },
      { commandId: "p1" },
    ],
  ]`,
  );
  await failureOf(shipping.thenCalls(orders, []));
});

test("thenEvents() compares what the handler's commands stored", async () => {
  const shipping = spec((provider) =>
    createShipping(provider, createShop(provider))
  )
    .given("orders", "o1", [{ type: "Placed", item: "lamp" }])
    .given("stock", "lamp", [{ type: "SoldOut" }])
    .given("orders", "o1", [{ type: "Paid" }]);
  await shipping.thenEvents("orders", "o1", [{ type: "Shipped", parcels: 1 }]);
  await shipping.thenEvents("stock", "lamp", []);
  await shipping.thenEvents("elsewhere", "o1", []);
  const error = await failureOf(shipping.thenEvents("orders", "o1", []));
  assert.equal(
    error.message,
    `Handler "shipping" stored other events in "o1" of stream "orders" than expected
- expected
+ actual

- []
+ [
+   { type: "Shipped", parcels: 1 },
+ ]`,
  );
});

test("the events of several aggregates come in the order they were given", async () => {
  const seen: string[] = [];
  await spec((provider) => {
    const handler = createHandler<{ orders: OrderEvent; stock: StockEvent }>({
      bookmark: "seen",
      streams: ["orders", "stock"],
      provider,
      tailStream: true,
    });
    handler.handle("orders", "Placed", (id) => seen.push(`placed ${id}`));
    handler.handle("stock", "SoldOut", (id) => seen.push(`sold out ${id}`));
    return handler;
  })
    .given("orders", "o1", [{ type: "Placed", item: "lamp" }])
    .given("stock", "lamp", [{ type: "SoldOut" }])
    .given("orders", "o2", [{ type: "Placed", item: "desk" }]);
  assert.deepEqual(seen, ["placed o1", "sold out lamp", "placed o2"]);
});

test("a transactional handler gets batches, and a transaction of memory", async () => {
  const sizes: number[] = [];
  const events = Array.from({ length: 1500 }, (): OrderEvent => ({
    type: "Paid",
  }));
  await spec(async (provider) => {
    const handler = createHandler<{ orders: OrderEvent }>({
      bookmark: "sums",
      streams: ["orders"],
      provider,
      transactional: true,
    });
    handler.handleBatch((events, tx) => {
      assert(tx);
      sizes.push(events.length);
    }, { size: 1000 });
    return handler;
  }).given("orders", "o1", events);
  assert.deepEqual(sizes, [1000, 500]);
});

test("a handler of one stream is specified alike", async () => {
  const mailer = spy<{ send(to: string): void }>();
  await spec((provider) => {
    const { handler } = createDomain({
      stream: "orders",
      provider,
      aggregate: order.aggregate,
      fold: order.fold,
    }, {});
    const mails = handler("mails");
    mails.handle("Paid", (id) => mailer.send(id));
    return mails;
  }).given("orders", "o1", [{ type: "Paid" }]).thenCalls(mailer, [
    ["send", "o1"],
  ]);
});

test("what a callback throws fails every expectation but thenError()", async () => {
  const orders = spy<Orders>();
  for (const continueOnError of [false, true]) {
    const failing = spec((provider) => {
      const handler = createHandler<{ orders: OrderEvent }>({
        bookmark: "failing",
        streams: ["orders"],
        provider,
        continueOnError,
      });
      handler.handle("orders", "Paid", () => {
        throw new RangeError("no printer");
      });
      return handler;
    }).given("orders", "o1", [{ type: "Paid" }]);
    await failing.thenError(RangeError);
    await failing.thenError(/printer/);
    await failureOf(failing.thenError("NO_PAPER"));
    for (
      const expectation of [
        failing,
        failing.thenCalls(orders, []),
        failing.thenEvents("orders", "o1", []),
      ]
    ) {
      const error = await failureOf(expectation);
      assert.equal(
        error.message,
        'A callback of handler "failing" threw RangeError: no printer',
      );
      assert(error.cause instanceof RangeError);
    }
  }
  const quiet = spec((provider) => createShipping(provider, orders));
  const error = await failureOf(quiet.thenError("NO_PAPER"));
  assert.equal(
    error.message,
    'No callback of handler "shipping" threw, where an error was expected: "NO_PAPER"',
  );
});

test("spec() refuses a function that returns no handler", async () => {
  const wrong: any = () => undefined;
  await assert.rejects(async () => await spec(wrong), {
    name: "TypeError",
    message: "Expected a function that returns a handler",
  });
});

test("spy() answers as it is told, and can be awaited", async () => {
  const mailer = spy<{ send(to: string): Promise<number>; close(): void }>({
    send: async (to) => to.length,
  });
  assert.equal(await mailer.send("ada"), 3);
  assert.equal((await mailer).close(), undefined);
  assert.deepEqual(callsOf(mailer), [["send", "ada"], ["close"]]);
  assert.throws(() => callsOf({}), TypeError);
});
