import {
  type BaseAggregate,
  createAggregate,
  createCommands,
  createDomain,
  type StorableAggregate,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { type } from "arktype";
import { test } from "node:test";
import * as v from "valibot";
import { z } from "zod";
import { type Equal, expectType } from "./equal.ts";

type AccountEvent =
  | { type: "Opened"; owner: string }
  | { type: "Deposited"; cents: number }
  | { type: "Closed"; why: string };
type Account = { owner: string; cents: number };

const account = createAggregate({
  stream: "accounts",
  schema: {
    Opened: z.object({ owner: z.string().trim() }),
    Deposited: v.object({ cents: v.number() }),
    Closed: type({ why: "string" }),
  },
  create: (): Account => ({ owner: "", cents: 0 }),
  fold: (event, account) => {
    expectType<Equal<typeof account, Account & BaseAggregate>>();
    switch (event.type) {
      case "Opened":
        return { owner: event.owner };
      case "Deposited":
        return { cents: account.cents + event.cents };
      case "Closed":
        return {};
    }
  },
});

test("createAggregate() infers the events from schemas of three libraries", () => {
  expectType<
    Equal<
      typeof account,
      StorableAggregate<AccountEvent, Account, "accounts">
    >
  >();
});

test("createCommands() infers commands from schemas: what goes in and what comes out", async () => {
  const { domain, createHandler } = createDomain(
    { provider: createProvider() },
    { account },
  );
  const accounts = createCommands(domain.account, {
    open(command, account) {
      expectType<Equal<typeof command.owner, string>>();
      expectType<Equal<typeof command.type, "open">>();
      expectType<Equal<typeof command.aggregateId, string>>();
      expectType<Equal<typeof account, Account & BaseAggregate>>();
      return { type: "Opened", owner: command.owner };
    },
    deposit: async ({ cents }) => {
      expectType<Equal<typeof cents, number>>();
      return { type: "Deposited", cents };
    },
  }, {
    retries: 1,
    commandSchema: {
      open: v.object({ owner: v.string() }),
      deposit: z.object({ cents: z.string().transform(Number) }),
    },
  });
  await accounts.open("ada", { owner: "Ada" });
  const ada = await accounts.deposit("ada", { cents: "5" }, { commandId: "1" });
  expectType<Equal<typeof ada, Account & BaseAggregate>>();
  const handler = createHandler("closed", ["accounts"]);
  handler.handle("accounts", "Closed", (_id, { why }) => {
    expectType<Equal<typeof why, string>>();
  });
  void (() => {
    // @ts-expect-error cents is a text
    accounts.deposit("ada", { cents: 5 });
    // @ts-expect-error no such event
    handler.handle("accounts", "Locked", () => {});
    // @ts-expect-error no such command
    accounts.close("ada", {});
  });
  const commandSchema = { open: z.object({ owner: z.string() }) };
  void (() => {
    createCommands(domain.account, {
      // @ts-expect-error no such event
      open: () => ({ type: "Locked" }),
    }, { commandSchema });
    // @ts-expect-error a command handler is missing
    createCommands(domain.account, {}, { commandSchema });
  });
});

test("an event may have nothing but its type, in the words of three libraries", async () => {
  const door = createAggregate({
    stream: "doors",
    schema: {
      Opened: z.object({}),
      Shut: v.object({}),
      Locked: type({}),
      Painted: z.looseObject({ colour: z.string() }),
    },
    create: () => ({ isOpen: false }),
    fold: (event) => {
      if (event.type === "Opened") {
        expectType<Equal<typeof event, { type: "Opened" }>>();
        return { isOpen: true };
      }
      if (event.type === "Painted") {
        expectType<Equal<typeof event.colour, string>>();
        return {};
      }
      expectType<Equal<typeof event, { type: "Shut" } | { type: "Locked" }>>();
      return { isOpen: false };
    },
  });
  const { domain } = createDomain({ provider: createProvider() }, { door });
  const doors = createCommands(domain.door, {
    open: () => ({ type: "Opened" }),
    shut: () => ({ type: "Shut" }),
  });
  const front = await doors.open("front", {});
  expectType<Equal<typeof front.isOpen, boolean>>();
});

test("createDomain() of one aggregate infers both", async () => {
  const accounts = createDomain({
    ...account,
    provider: createProvider(),
    commandSchema: { open: z.object({ owner: z.string() }) },
  }, {
    open: ({ owner }) => ({ type: "Opened", owner }),
  });
  await accounts.command.open("ada", { owner: "Ada" });
  const ada = await accounts.getAggregate("ada");
  expectType<Equal<typeof ada.aggregate.owner, string>>();
  void (() => {
    // @ts-expect-error owner is a text
    ada.open({ owner: 1 });
    // @ts-expect-error owner is missing
    accounts.command.open("ada", {});
  });
});

test("a schema must take what it gives, and give an object", () => {
  void (() => {
    // @ts-expect-error a number is stored, and the schema takes a text
    createAggregate({
      stream: "accounts",
      schema: { Paid: z.object({ cents: z.string().transform(Number) }) },
      create: () => ({}),
      fold: () => ({}),
    });
    // @ts-expect-error not an object
    createAggregate({
      stream: "accounts",
      schema: { Paid: z.string() },
      create: () => ({}),
      fold: () => ({}),
    });
  });
});
