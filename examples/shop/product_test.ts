import { spec } from "evtstore/spec";
import { test } from "node:test";
import { product, productCommands } from "./product.ts";

const products = spec(product, productCommands);
const clock = products.given([
  { type: "ProductListed", name: "Clock", cents: 12_50 },
]);

test("a product is listed once", () =>
  clock.when.list({ name: "Clock", cents: 1 }).thenError("LISTED"));

test("the same price is no change", () =>
  clock.when.changePrice({ cents: 12_50 }).then([]));

test("a price in euros is one in cents", () =>
  products.given([{ type: "ProductListed", name: "Clock", euros: 12.5 }])
    .when.changePrice({ cents: 12_50 })
    .then([]));

test("what was withdrawn has no price", () =>
  clock.given([{ type: "ProductWithdrawn" }])
    .when.changePrice({ cents: 1 })
    .thenError("NOT_LISTED"));
