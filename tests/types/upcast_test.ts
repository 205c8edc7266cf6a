import {
  createAggregate,
  createCommands,
  createDomain,
  createHandler,
  createUpcasters,
  type StorableAggregate,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { spec } from "evtstore/spec";
import { test } from "node:test";
import { type Equal, expectType } from "./equal.ts";

type Today =
  | { type: "Opened"; owner: string }
  | { type: "Deposited"; cents: number; currency: string };
type OpenedBefore = { type: "Opened"; name: string };
type DepositedBefore = { type: "Deposited"; cents: number };
type Started = { type: "Started"; name: string };
type Stored = Today | OpenedBefore | DepositedBefore | Started;

const described = {
  stream: "accounts",
  create: () => ({ owner: "", cents: 0 }),
  fold: (event: Today) =>
    event.type === "Opened" ? { owner: event.owner } : { cents: event.cents },
} as const;

const upcast = createUpcasters<Stored, Today>({
  Opened(event, meta) {
    expectType<
      Equal<typeof event, OpenedBefore | { type: "Opened"; owner: string }>
    >();
    expectType<Equal<typeof meta.timestamp, Date>>();
    return "name" in event ? { type: "Opened", owner: event.name } : event;
  },
  Deposited: (event) => ({ currency: "EUR", ...event }),
  // On to the upcaster of "Opened", which knows that shape.
  Started: ({ name }) => ({ type: "Opened", name }),
});
const account = createAggregate({ ...described, upcast });

test("createUpcasters() refuses to forget an old shape", () => {
  void (() =>
    // @ts-expect-error "Started" has no upcaster
    createUpcasters<Stored, Today>({
      Opened: () => [],
      Deposited: () => [],
    }));
  void (() =>
    createUpcasters<Stored, Today>({
      // @ts-expect-error the shape before is no event of today
      Opened: (event) => event,
      Deposited: () => [],
      Started: () => [],
    }));
  void (() =>
    createUpcasters<Stored, Today>({
      // @ts-expect-error an old shape has no owner
      Opened: (event) => ({ type: "Opened", owner: event.owner }),
      Deposited: () => [],
      Started: () => [],
    }));
});

test("createUpcasters() refuses what is no event, of today or on the way", () => {
  void (() =>
    createUpcasters<Stored, Today>({
      Opened: () => [],
      // @ts-expect-error cents are numbers
      Deposited: () => [{ type: "Deposited", cents: "1", currency: "EUR" }],
      Started: () => [],
    }));
  void (() =>
    createUpcasters<Stored, Today>({
      Opened: () => [],
      Deposited: () => [],
      Started: () => [],
      // @ts-expect-error no such event was ever stored
      Closed: () => [],
    }));
});

test("what needs no upcaster may have one", () => {
  createUpcasters<Today, Today>({});
  createUpcasters<Today | Started, Today>({
    Started: () => [],
    Deposited: (event) => ({ ...event, cents: event.cents * 100 }),
  });
});

test("an aggregate and its handlers have today's events only", () => {
  expectType<
    Equal<typeof account extends StorableAggregate<infer E> ? E : never, Today>
  >();
  const provider = createProvider();
  const { domain, createHandler, readEvents } = createDomain(
    { provider },
    { account },
  );
  createCommands(domain.account, {
    open: () => ({ type: "Opened", owner: "Ada" }),
  });
  void (() =>
    createCommands(domain.account, {
      // @ts-expect-error nobody stores an old shape any more
      open: () => ({ type: "Started", name: "Ada" }),
    }));
  const handler = createHandler("types", ["accounts"]);
  handler.handle("accounts", "Opened", (_id, event) => {
    expectType<Equal<typeof event, { type: "Opened"; owner: string }>>();
  });
  void (() =>
    // @ts-expect-error there are none of these any more
    handler.handle("accounts", "Started", () => {}));
  void (async () => {
    for await (const { event, part } of readEvents(["accounts"])) {
      expectType<Equal<typeof event, Today>>();
      expectType<Equal<typeof part, number | undefined>>();
    }
    // @ts-expect-error no such stream
    readEvents(["others"]);
  });
});

test("upcasters that lead to other events are refused", () => {
  const others = createUpcasters<Stored, { type: "Closed" }>({
    Opened: () => ({ type: "Closed" }),
    Deposited: () => [],
    Started: () => [],
  });
  void (() =>
    // @ts-expect-error the fold takes no "Closed"
    createAggregate({ ...described, upcast: others }));
  void (() =>
    createHandler<{ accounts: Today }>({
      bookmark: "types",
      streams: ["accounts"],
      provider: createProvider(),
      // @ts-expect-error the callbacks take no "Closed"
      upcast: { accounts: others },
    }));
});

test("a specification is given old shapes, where they are declared", () => {
  const handlers = { open: () => ({ type: "Opened" as const, owner: "" }) };
  spec(account, handlers).given([{ type: "Started", name: "Ada" }]);
  spec(account, handlers).given([{ type: "Opened", owner: "Ada" }]);
  const { domain } = createDomain({ provider: createProvider() }, { account });
  spec(domain.account, handlers).given([{ type: "Opened", name: "Ada" }]);
  void (() =>
    // @ts-expect-error no such event was ever stored
    spec(account, handlers).given([{ type: "Closed" }]));
  void (() =>
    spec(createAggregate(described), handlers)
      // @ts-expect-error this one has no upcasters
      .given([{ type: "Started", name: "Ada" }]));
});
