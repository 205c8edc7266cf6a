import { spec } from "evtstore/spec";
import { test } from "node:test";
import { stock, stockCommands } from "./stock.ts";

const three = spec(stock, stockCommands).given([
  { type: "GoodsDelivered", quantity: 3 },
]);
const aside = three.given([
  { type: "GoodsSetAside", orderId: "o1", quantity: 2 },
]);

test("what is set aside is not left for others", async () => {
  await three.when.setAside({ orderId: "o1", quantity: 2 })
    .thenState({ left: 1, setAside: { o1: 2 } });
  await aside.when.setAside({ orderId: "o2", quantity: 2 })
    .thenError("SOLD_OUT");
});

test("goods are put back once", async () => {
  await aside.when.putBack({ orderId: "o1" })
    .then([{ type: "GoodsPutBack", orderId: "o1", quantity: 2 }]);
  await aside.given([{ type: "GoodsPutBack", orderId: "o1", quantity: 2 }])
    .when.putBack({ orderId: "o1" }).then([]);
});
