import {
  CommandError,
  createAggregate,
  type StorableAggregate,
} from "evtstore";

/** What can happen to a payment. */
export type PaymentEvent =
  | { type: "PaymentRequested"; orderId: string; cents: number }
  | { type: "PaymentCaptured"; orderId: string; receipt: string }
  | { type: "PaymentDeclined"; orderId: string; reason: string };

/** The money of an order. */
export type Payment = {
  state: "new" | "requested" | "captured" | "declined";
  orderId: string;
};

/** A payment and what its events change. */
export const payment: StorableAggregate<PaymentEvent, Payment, "payments"> =
  createAggregate({
    stream: "payments",
    create: (): Payment => ({ state: "new", orderId: "" }),
    fold: (event: PaymentEvent): Partial<Payment> => {
      switch (event.type) {
        case "PaymentRequested":
          return { state: "requested", orderId: event.orderId };
        case "PaymentCaptured":
          return { state: "captured" };
        case "PaymentDeclined":
          return { state: "declined" };
      }
    },
  });

/** What can be asked of a payment. */
export const paymentCommands = {
  request(
    { orderId, cents }: { orderId: string; cents: number },
    { state }: Payment,
  ): PaymentEvent {
    mustBe("new", state);
    return { type: "PaymentRequested", orderId, cents };
  },

  capture(
    { receipt }: { receipt: string },
    { state, orderId }: Payment,
  ): PaymentEvent {
    mustBe("requested", state);
    return { type: "PaymentCaptured", orderId, receipt };
  },

  decline(
    { reason }: { reason: string },
    { state, orderId }: Payment,
  ): PaymentEvent {
    mustBe("requested", state);
    return { type: "PaymentDeclined", orderId, reason };
  },
};

function mustBe(wanted: Payment["state"], state: Payment["state"]): void {
  if (state === wanted) return;
  throw new CommandError(`The payment is ${state}, not ${wanted}`, "STATE");
}
