import { CommandError } from "evtstore";
import { spec } from "evtstore/spec";
import { test } from "node:test";
import { order, orderCommands } from "./order.ts";

const orders = spec(order, orderCommands);
const placed = orders.given([
  { type: "OrderPlaced", item: "lamp", quantity: 2, cents: 39_90 },
]);
const paid = placed.given([{ type: "OrderPaid", receipt: "r1" }]);

test("an order is paid, then shipped", async () => {
  await placed.when.pay({ receipt: "r1" })
    .then([{ type: "OrderPaid", receipt: "r1" }]);
  await paid.when.ship().then([{ type: "OrderShipped" }]);
  await paid.when.ship().thenState({ state: "shipped" });
});

test("an order that is not paid is not shipped", () =>
  placed.when.ship().thenError({
    name: "CommandError",
    message: "Expected the order to be paid: it is placed",
  }));

test("an order that is paid is not cancelled", () =>
  paid.when.cancel({ reason: "sold out" }).thenError(CommandError));
