import { type SentCommand, specProcess, spy } from "evtstore/spec";
import { test } from "node:test";
import { createFulfilment } from "./fulfilment.ts";
import { createTestGateway, type Gateway } from "./gateway.ts";
import type { OrderEvent, OrderLine } from "./order.ts";
import { createShop } from "./shop.ts";

const lamps: OrderLine = { sku: "lamp", quantity: 2, cents: 39_90 };
const clock: OrderLine = { sku: "clock", quantity: 1, cents: 15_00 };
const placed = (cents: number, ...lines: OrderLine[]): OrderEvent => ({
  type: "OrderPlaced",
  customerId: "ada",
  cartId: "c1",
  lines,
  cents,
});
const shop = (gateway: Gateway) =>
  specProcess((provider) => createFulfilment(createShop(provider), gateway))
    .given("stock", "lamp", [{ type: "GoodsDelivered", quantity: 3 }]);
const waiting = createTestGateway({ waiting: new Set(["o1"]) });

test("an order is paid, and its parcel asked for", async () => {
  const o1 = shop(createTestGateway())
    .given("orders", "o1", [placed(79_80, lamps)]);
  await o1.thenEvents("orders", "o1", [
    { type: "OrderPaid", receipt: "receipt of o1" },
  ]);
  await o1.thenEvents("shipments", "o1", [
    { type: "ShipmentRequested", orderId: "o1" },
  ]);
  await o1.thenEvents("carts", "c1", [{ type: "CartOrdered", orderId: "o1" }]);
  await o1.after("1h").given("shipments", "o1", [
    { type: "ShipmentHandedOver", orderId: "o1", tracking: "P1" },
    { type: "ShipmentDelivered", orderId: "o1", to: "a neighbour" },
  ]).thenEnds("o1");
});

test("the money is asked for by the id of the order, once all is there", () => {
  const gateway = spy<Gateway>({ charge: async () => ({ receipt: "r1" }) });
  return shop(gateway)
    .given("stock", "clock", [{ type: "GoodsDelivered", quantity: 1 }])
    .given("orders", "o1", [placed(94_80, lamps, clock)])
    .thenCalls(gateway, [["charge", "o1", 94_80]]);
});

test("what is sold out cancels the order, and the rest is put back", async () => {
  const gateway = spy<Gateway>();
  const o1 = shop(gateway).given("orders", "o1", [
    placed(94_80, lamps, clock),
  ]);
  await o1.thenEvents("orders", "o1", [
    { type: "OrderCancelled", reason: "sold out" },
  ]);
  await o1.thenEvents("stock", "lamp", [
    { type: "GoodsSetAside", orderId: "o1", quantity: 2 },
    { type: "GoodsPutBack", orderId: "o1", quantity: 2 },
  ]);
  await o1.thenCalls(gateway, []);
});

test("an order whose payment is declined is cancelled", () =>
  shop(createTestGateway())
    .given("orders", "o1", [placed(2000_00, { ...lamps, cents: 1000_00 })])
    .thenEvents("orders", "o1", [
      { type: "OrderCancelled", reason: "over the limit" },
    ]));

test("goods wait a day for their money, and are put back", async () => {
  const o1 = shop(waiting).given("orders", "o1", [placed(79_80, lamps)]);
  await o1.thenTimers("o1", { unpaid: "24h" });
  const asked: SentCommand[] = [
    ["carts.order", "c1", { orderId: "o1" }],
    ["stocks.setAside", "lamp", { orderId: "o1", quantity: 2 }],
    ["payments.request", "o1", { orderId: "o1", cents: 79_80 }],
  ];
  await o1.after("23h").thenSends(asked);
  const reason = "not paid in time";
  await o1.after("24h").thenSends([
    ...asked,
    ["payments.decline", "o1", { reason }],
    ["orders.cancel", "o1", { reason }],
    ["stocks.putBack", "lamp", { orderId: "o1" }],
  ]);
  await o1.after("24h").thenEnds("o1");
});

test("money that comes in time cancels the timer", async () => {
  const paid = shop(waiting).given("orders", "o1", [placed(79_80, lamps)])
    .after("23h").given("payments", "o1", [
      { type: "PaymentCaptured", orderId: "o1", receipt: "r1" },
    ]);
  await paid.thenTimers("o1", {});
  await paid.after("48h").thenEvents("orders", "o1", [
    { type: "OrderPaid", receipt: "r1" },
  ]);
});
