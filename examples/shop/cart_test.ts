import { spec } from "evtstore/spec";
import { test } from "node:test";
import { cart, cartCommands } from "./cart.ts";

const carts = spec(cart, cartCommands);
const lamps = carts.given([{ type: "ItemPut", sku: "lamp", quantity: 2 }]);

test("what is put again is put in place of what was there", () =>
  lamps.when.put({ sku: "lamp", quantity: 5 })
    .thenState({ lines: [{ sku: "lamp", quantity: 5 }] }));

test("nothing is no quantity", () =>
  carts.when.put({ sku: "lamp", quantity: 0 }).thenError("QUANTITY"));

test("to take what is not there is nothing", () =>
  lamps.when.take({ sku: "yacht" }).then([]));

test("a cart that was ordered stays as it is", () =>
  lamps.given([{ type: "CartOrdered", orderId: "o1" }])
    .when.take({ sku: "lamp" })
    .thenError("ORDERED"));
