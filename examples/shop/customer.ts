import {
  CommandError,
  createAggregate,
  type Decision,
  type StorableAggregate,
} from "evtstore";
import {
  type CustomerEvent,
  type Personal,
  type StoredCustomerEvent,
  upcastCustomers,
} from "./customer_events.ts";

export type { CustomerEvent };

/** Somebody who buys. */
export type Customer = {
  state: "unknown" | "registered" | "left";
  name: Personal;
  email: Personal;
  address: Personal;
};

/**
 * A customer and what its events change. What the events of any year know of a
 * person is encrypted, until that person is forgotten.
 */
export const customer: StorableAggregate<
  CustomerEvent,
  Customer,
  "customers",
  StoredCustomerEvent
> = createAggregate({
  stream: "customers",
  upcast: upcastCustomers,
  personal: {
    fields: {
      CustomerRegistered: { name: null, email: null, address: null },
      EmailChanged: { email: null },
      SignedUp: { name: null, mail: null },
    },
  },
  create: (): Customer => ({
    state: "unknown",
    name: "",
    email: "",
    address: "",
  }),
  fold: (event: CustomerEvent): Partial<Customer> => {
    switch (event.type) {
      case "CustomerRegistered": {
        const { name, email, address } = event;
        return { state: "registered", name, email, address };
      }
      case "EmailChanged":
        return { email: event.email };
      case "CustomerLeft":
        return { state: "left" };
    }
  },
});

/** What can be asked of a customer. An address belongs to one at a time. */
export const customerCommands = {
  register(
    { name, email, address = "" }: {
      name: string;
      email: string;
      address?: string;
    },
    { state }: Customer,
  ): Decision<CustomerEvent> {
    mustBe("unknown", state);
    return {
      events: { type: "CustomerRegistered", name, email, address },
      reserve: [emailKey(email)],
    };
  },

  changeEmail(
    { email }: { email: string },
    { state, email: old }: Customer,
  ): Decision<CustomerEvent> {
    mustBe("registered", state);
    return {
      events: { type: "EmailChanged", email },
      reserve: [emailKey(email)],
      release: keysOf(old).filter((key) => key !== emailKey(email)),
    };
  },

  leave(
    _command: object,
    { state, email }: Customer,
  ): Decision<CustomerEvent> {
    mustBe("registered", state);
    return { events: { type: "CustomerLeft" }, release: keysOf(email) };
  },
};

/** The key that an address is reserved by: "Ada@" is "ada@". */
export function emailKey(email: string): string {
  return `email:${email.toLowerCase()}`;
}

/** What is forgotten has no key any more. */
function keysOf(email: Personal): string[] {
  return email === null ? [] : [emailKey(email)];
}

function mustBe(wanted: Customer["state"], state: Customer["state"]): void {
  if (state === wanted) return;
  throw new CommandError(`The customer is ${state}, not ${wanted}`, "STATE");
}
