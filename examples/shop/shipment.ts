import {
  CommandError,
  createAggregate,
  type Decision,
  type StorableAggregate,
} from "evtstore";

/** What can happen to a shipment. */
export type ShipmentEvent =
  | { type: "ShipmentRequested"; orderId: string }
  | { type: "ShipmentHandedOver"; orderId: string; tracking: string }
  | { type: "ShipmentDelivered"; orderId: string; to: string };

/** A parcel on its way. */
export type Shipment = {
  state: "new" | "requested" | "on its way" | "delivered";
  orderId: string;
};

/** A shipment and what its events change. */
export const shipment: StorableAggregate<
  ShipmentEvent,
  Shipment,
  "shipments"
> = createAggregate({
  stream: "shipments",
  create: (): Shipment => ({ state: "new", orderId: "" }),
  fold: (event: ShipmentEvent): Partial<Shipment> => {
    switch (event.type) {
      case "ShipmentRequested":
        return { state: "requested", orderId: event.orderId };
      case "ShipmentHandedOver":
        return { state: "on its way" };
      case "ShipmentDelivered":
        return { state: "delivered" };
    }
  },
});

/** What can be asked of a shipment. No two parcels have one number. */
export const shipmentCommands = {
  request(
    { orderId }: { orderId: string },
    { state }: Shipment,
  ): ShipmentEvent {
    mustBe("new", state);
    return { type: "ShipmentRequested", orderId };
  },

  handOver(
    { tracking }: { tracking: string },
    { state, orderId }: Shipment,
  ): Decision<ShipmentEvent> {
    mustBe("requested", state);
    return {
      events: { type: "ShipmentHandedOver", orderId, tracking },
      reserve: [`tracking:${tracking}`],
    };
  },

  deliver(
    { to }: { to: string },
    { state, orderId }: Shipment,
  ): ShipmentEvent {
    mustBe("on its way", state);
    return { type: "ShipmentDelivered", orderId, to };
  },
};

function mustBe(wanted: Shipment["state"], state: Shipment["state"]): void {
  if (state === wanted) return;
  throw new CommandError(`The parcel is ${state}, not ${wanted}`, "STATE");
}
