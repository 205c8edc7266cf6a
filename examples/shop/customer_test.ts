import { spec } from "evtstore/spec";
import { test } from "node:test";
import { customer, customerCommands, type CustomerEvent } from "./customer.ts";

const customers = spec(customer, customerCommands, { aggregateId: "ada" });
const ada = { name: "Ada", email: "ada@example.org", address: "St James's" };
const registered: CustomerEvent = { type: "CustomerRegistered", ...ada };
const taken = customers.beside({
  stream: "customers",
  aggregateId: "eve",
  reserved: ["email:ada@example.org"],
});

test("a customer registers with an address that nobody has", () =>
  customers.when.register(ada).then([registered]));

test("an address is taken once, however it is written", () =>
  taken.when.register({ ...ada, email: "Ada@Example.org" })
    .thenError({ code: "ALREADY_RESERVED", aggregateId: "eve" }));

test("nor does a customer move to one that is taken", () =>
  taken.given([{
    type: "CustomerRegistered",
    ...ada,
    email: "ada@elsewhere.org",
  }]).when.changeEmail({ email: "ada@example.org" })
    .thenError("ALREADY_RESERVED"));

test("an address may be written anew by who has it", () =>
  customers.given([registered]).when.changeEmail({ email: "ADA@example.org" })
    .then([{ type: "EmailChanged", email: "ADA@example.org" }]));

test("who has left changes nothing any more", () =>
  customers.given([registered, { type: "CustomerLeft" }])
    .when.changeEmail({ email: "ada@elsewhere.org" })
    .thenError("STATE"));

test("customers of earlier years are customers", async () => {
  const of2023 = customers.given([
    { type: "SignedUp", name: "Ada", mail: "ada@example.org" },
  ]);
  await of2023.when.leave({}).thenState({ name: "Ada", address: "" });
  const of2024 = customers.given([
    { type: "CustomerRegistered", name: "Ada", email: "ada@example.org" },
  ]);
  await of2024.when.leave({}).thenState({ name: "Ada", address: "" });
});
