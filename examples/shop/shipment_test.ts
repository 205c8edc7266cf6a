import { spec } from "evtstore/spec";
import { test } from "node:test";
import { shipment, shipmentCommands } from "./shipment.ts";

const shipments = spec(shipment, shipmentCommands, { aggregateId: "o1" });
const requested = shipments.given([
  { type: "ShipmentRequested", orderId: "o1" },
]);

test("a parcel is handed over, then delivered", async () => {
  const handedOver = {
    type: "ShipmentHandedOver" as const,
    orderId: "o1",
    tracking: "P1",
  };
  await requested.when.handOver({ tracking: "P1" }).then([handedOver]);
  await requested.given([handedOver]).when.deliver({ to: "a neighbour" })
    .then([{ type: "ShipmentDelivered", orderId: "o1", to: "a neighbour" }]);
});

test("no two parcels have one number", () =>
  requested.beside({
    stream: "shipments",
    aggregateId: "o0",
    reserved: ["tracking:P1"],
  }).when.handOver({ tracking: "P1" }).thenError("ALREADY_RESERVED"));

test("what was not handed over does not arrive", () =>
  requested.when.deliver({ to: "a neighbour" }).thenError("STATE"));
