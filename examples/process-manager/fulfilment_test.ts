import { specProcess, spy } from "evtstore/spec";
import { test } from "node:test";
import { createFulfilment } from "./fulfilment.ts";
import type { OrderEvent } from "./order.ts";
import { createTestPayments, type Payments } from "./payments.ts";
import { createShop } from "./shop.ts";

const order: OrderEvent = {
  type: "OrderPlaced",
  item: "lamp",
  quantity: 2,
  cents: 39_90,
};
const shop = (payments: Payments) =>
  specProcess((provider) => createFulfilment(createShop(provider), payments));

const stocked = (payments: Payments) =>
  shop(payments).given("stock", "lamp", [{ type: "Delivered", quantity: 3 }]);

test("an order that can be had is charged and shipped", async () => {
  const placed = stocked(createTestPayments()).given("orders", "o1", [order]);
  await placed.thenEvents("orders", "o1", [
    { type: "OrderPaid", receipt: "receipt for o1" },
    { type: "OrderShipped" },
  ]);
  await placed.thenEvents("stock", "lamp", [
    { type: "Reserved", orderId: "o1", quantity: 2, cents: 39_90 },
  ]);
});

test("the customer is charged by the id of the order", () => {
  const payments = spy<Payments>({ charge: async () => ({ receipt: "r1" }) });
  return stocked(payments)
    .given("orders", "o1", [order])
    .thenCalls(payments, [["charge", "o1", 39_90]]);
});

test("an order that cannot be had is cancelled, and nothing is charged", async () => {
  const payments = spy<Payments>();
  const placed = shop(payments).given("orders", "o1", [order]);
  await placed.thenEvents("orders", "o1", [
    { type: "OrderCancelled", reason: "sold out" },
  ]);
  await placed.thenCalls(payments, []);
});
