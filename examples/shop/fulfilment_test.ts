import { spec } from "evtstore/spec";
import { test } from "node:test";
import { createFulfilment } from "./fulfilment.ts";
import { createTestGateway } from "./gateway.ts";
import type { OrderEvent } from "./order.ts";
import { createShop } from "./shop.ts";

const placed: OrderEvent = {
  type: "OrderPlaced",
  customerId: "ada",
  cartId: "c1",
  lines: [{ sku: "lamp", quantity: 1, cents: 39_90 }],
  cents: 39_90,
};
const fulfilment = spec((provider) =>
  createFulfilment(createShop(provider), createTestGateway())
);
const o1 = fulfilment.given("orders", "o1", [placed]);

test("an order is paid, and its parcel asked for", async () => {
  await o1.thenEvents("orders", "o1", [
    { type: "OrderPaid", receipt: "receipt of o1" },
  ]);
  await o1.thenEvents("shipments", "o1", [
    { type: "ShipmentRequested", orderId: "o1" },
  ]);
  await o1.thenEvents("carts", "c1", [
    { type: "CartOrdered", orderId: "o1" },
  ]);
});

test("an order whose payment is declined is cancelled", () =>
  fulfilment.given("orders", "o1", [{ ...placed, cents: 2000_00 }])
    .thenEvents("orders", "o1", [
      { type: "OrderCancelled", reason: "over the limit" },
    ]));
