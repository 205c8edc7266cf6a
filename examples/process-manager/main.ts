/** `deno task example:process`: four orders, and what becomes of them. */
import { createProvider, migrate } from "evtstore/provider/sqlite";
import { createFulfilment } from "./fulfilment.ts";
import { createTestPayments } from "./payments.ts";
import { createShop } from "./shop.ts";

const path = Deno.args[0] ?? "shop.db";
await migrate({ path });
const provider = createProvider({
  path,
  onError: (error) => console.log(`  tried again: ${error.message}`),
});
const shop = createShop(provider);
const fulfilment = createFulfilment(shop, createTestPayments(2));
fulfilment.start();

const day = new Date().toISOString();
await shop.items.deliver("lamp", { quantity: 3 });
const orders = [
  { id: `${day} ada`, quantity: 2, cents: 39_90 },
  { id: `${day} bob`, quantity: 1, cents: 120_00 },
  { id: `${day} eve`, quantity: 9, cents: 20_00 },
];
for (const { id, quantity, cents } of orders) {
  await shop.orders.place(id, { item: "lamp", quantity, cents });
}
for (const { id } of orders) {
  // The last event of an order is its third: paid and shipped, or its second.
  await fulfilment.handled("orders", id, 2, { timeout: 10_000 });
  const { state } = await shop.domain.order.getAggregate(id);
  console.log(`${id}: ${state}`);
}
console.log(
  `lamps left: ${(await shop.domain.stock.getAggregate("lamp")).left}`,
);

await fulfilment.stop();
await provider.close();
