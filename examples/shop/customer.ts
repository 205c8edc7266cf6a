import {
  CommandError,
  createAggregate,
  type Decision,
  type StorableAggregate,
} from "evtstore";

/** What can happen to a customer. */
export type CustomerEvent =
  | { type: "CustomerRegistered"; name: string; email: string }
  | { type: "EmailChanged"; email: string }
  | { type: "CustomerLeft" };

/** Somebody who buys. */
export type Customer = {
  state: "unknown" | "registered" | "left";
  name: string;
  email: string;
};

/** A customer and what its events change. */
export const customer: StorableAggregate<
  CustomerEvent,
  Customer,
  "customers"
> = createAggregate({
  stream: "customers",
  create: (): Customer => ({ state: "unknown", name: "", email: "" }),
  fold: (event: CustomerEvent): Partial<Customer> => {
    switch (event.type) {
      case "CustomerRegistered":
        return { state: "registered", name: event.name, email: event.email };
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
    { name, email }: { name: string; email: string },
    { state }: Customer,
  ): Decision<CustomerEvent> {
    mustBe("unknown", state);
    return {
      events: { type: "CustomerRegistered", name, email },
      reserve: [emailKey(email)],
    };
  },

  changeEmail(
    { email }: { email: string },
    { state, email: old }: Customer,
  ): Decision<CustomerEvent> {
    mustBe("registered", state);
    if (emailKey(email) === emailKey(old)) {
      return { events: { type: "EmailChanged", email } };
    }
    return {
      events: { type: "EmailChanged", email },
      reserve: [emailKey(email)],
      release: [emailKey(old)],
    };
  },

  leave(
    _command: object,
    { state, email }: Customer,
  ): Decision<CustomerEvent> {
    mustBe("registered", state);
    return { events: { type: "CustomerLeft" }, release: [emailKey(email)] };
  },
};

/** The key that an address is reserved by: "Ada@" is "ada@". */
export function emailKey(email: string): string {
  return `email:${email.toLowerCase()}`;
}

function mustBe(wanted: Customer["state"], state: Customer["state"]): void {
  if (state === wanted) return;
  throw new CommandError(`The customer is ${state}, not ${wanted}`, "STATE");
}
