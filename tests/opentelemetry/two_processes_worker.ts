/**
 * A process of `two_processes_test.ts`: it commands or it handles, and prints
 * the spans that it made.
 */
import process from "node:process";
import {
  createAggregate,
  createCommands,
  createDomain,
  withMetadata,
} from "../../mod.ts";
import { instrument } from "../../opentelemetry/mod.ts";
import { createProvider } from "../../providers/sqlite.ts";
import { Recorder } from "./recorder.ts";

const [path, task] = process.argv.slice(2) as [string, string];
const recorder = new Recorder();
const store = createProvider({ path });
const provider = instrument(store, recorder);

const order = createAggregate({
  stream: "orders",
  create: () => ({}),
  fold: (_event: { type: "Placed" } | { type: "Shipped" }) => ({}),
});
const { domain, createHandler } = createDomain({ provider }, { order });
const orders = createCommands(domain.order, {
  place: () => ({ type: "Placed" as const }),
  ship: () => ({ type: "Shipped" as const }),
});

if (task === "place") {
  await recorder.tracer.startActiveSpan("POST /orders", async (span) => {
    await withMetadata(
      { correlationId: "request-1" },
      () => orders.place("o1", {}),
    );
    span.end();
  });
}
if (task === "ship") {
  const shipping = createHandler("shipping", ["orders"]);
  shipping.handle("orders", "Placed", async (id) => {
    await orders.ship(id, {});
  });
  await shipping.runOnce();
}
if (task === "read") {
  const list = createHandler("list", ["orders"]);
  list.handleStream("orders", { Placed: () => {}, Shipped: () => {} });
  await list.runOnce();
}
await store.close();

console.log(JSON.stringify({
  pid: process.pid,
  spans: recorder.spans.map((span) => ({
    name: span.name,
    ...span.spanContext(),
    parent: span.parentSpanContext?.spanId,
    links: span.links.map(({ context: { traceId, spanId } }) => ({
      ...{ traceId, spanId },
    })),
    attributes: span.attributes,
  })),
}));
