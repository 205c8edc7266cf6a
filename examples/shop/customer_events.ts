import { createUpcasters, type Upcasters } from "evtstore";

/** Personal: `null` once the customer is forgotten. */
export type Personal = string | null;

/** What can happen to a customer. */
export type CustomerEvent =
  | {
    type: "CustomerRegistered";
    name: Personal;
    email: Personal;
    address: Personal;
  }
  | { type: "EmailChanged"; email: Personal }
  | { type: "CustomerLeft" };

/** Of 2023: another name for the same, and for a field of it. */
export type CustomerOf2023 = {
  type: "SignedUp";
  name: Personal;
  mail: Personal;
};

/** Until the end of 2024: nobody was asked for an address. */
export type CustomerOf2024 = {
  type: "CustomerRegistered";
  name: Personal;
  email: Personal;
};

/** Every shape that was ever stored. */
export type StoredCustomerEvent =
  | CustomerEvent
  | CustomerOf2024
  | CustomerOf2023;

/** What the stored ones have become. */
export const upcastCustomers: Upcasters<StoredCustomerEvent, CustomerEvent> =
  createUpcasters<StoredCustomerEvent, CustomerEvent>({
    CustomerRegistered: (event) =>
      "address" in event ? event : { ...event, address: "" },
    SignedUp: ({ name, mail }) => ({
      type: "CustomerRegistered",
      name,
      email: mail,
    }),
  });
