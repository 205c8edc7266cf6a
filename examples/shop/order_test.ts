import { spec } from "evtstore/spec";
import { test } from "node:test";
import { order, orderCommands, type OrderEvent } from "./order.ts";

const orders = spec(order, orderCommands, { aggregateId: "o1" });
const lamps = { sku: "lamp", quantity: 2, cents: 39_90 };
const placed: OrderEvent = {
  type: "OrderPlaced",
  customerId: "ada",
  cartId: "c1",
  lines: [lamps],
  cents: 79_80,
};
const place = { customerId: "ada", cartId: "c1", lines: [lamps] };

test("an order costs the sum of its lines", () =>
  orders.when.place(place).then([placed]));

test("an order of nothing is malformed", () =>
  orders.when.place({ ...place, lines: [] })
    .thenError({ code: "INVALID_EVENT", field: "events[0].lines" }));

test("a cart is ordered once", () =>
  orders.beside({
    stream: "orders",
    aggregateId: "o0",
    reserved: ["order of cart:c1"],
  }).when.place(place).thenError({ code: "ALREADY_RESERVED" }));

test("an order is placed only at the prices that were seen", async () => {
  const repriced = orders.beside({
    stream: "products",
    aggregateId: "lamp",
    events: [
      { type: "ProductListed", name: "Lamp", cents: 39_90 },
      { type: "PriceChanged", cents: 44_90 },
    ],
  });
  const seen = { stream: "products", aggregateId: "lamp" };
  await repriced.when.place(place, { requires: [{ ...seen, version: 1 }] })
    .thenError({ code: "REQUIREMENT_FAILED", actualVersion: 2 });
  await repriced.when.place(place, { requires: [{ ...seen, version: 2 }] })
    .then([placed]);
});

test("what is paid is not cancelled", () =>
  orders.given([placed, { type: "OrderPaid", receipt: "r1" }])
    .when.cancel({ reason: "changed my mind" })
    .thenError("STATE"));

test("an order of 2023 was placed and paid at once", async () => {
  const of2023 = orders.given([{
    type: "Bought",
    customer: "charles",
    product: "clock",
    count: 2,
    euros: 12.5,
    receipt: "r1",
  }]);
  await of2023.when.send({ tracking: "P1" })
    .thenState({ state: "sent", cents: 25_00 });
  await of2023.when.cancel({ reason: "late" }).thenError("STATE");
});

test("an order of 2024 had prices in euros, and no sum", () =>
  orders.given([{
    type: "OrderPlaced",
    customerId: "grace",
    cartId: "c1",
    items: [{ sku: "clock", quantity: 3, euros: 14.99 }],
  }]).when.pay({ receipt: "r1" }).thenState({ state: "paid", cents: 44_97 }));
