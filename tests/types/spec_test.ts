import {
  createAggregate,
  createCommands,
  createDomain,
  createHandler,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { type CallOf, type HandlerSpec, spec, spy } from "evtstore/spec";
import { test } from "node:test";
import { type Equal, expectType } from "./equal.ts";

type AccountEvent =
  | { type: "Opened"; owner: string }
  | { type: "Deposited"; cents: number };
type Account = { owner: string; cents: number };
type AccountCommand =
  | { type: "open"; owner: string }
  | { type: "deposit"; cents: number };

const account = createAggregate({
  stream: "accounts",
  create: (): Account => ({ owner: "", cents: 0 }),
  fold: (event: AccountEvent, account) =>
    event.type === "Opened"
      ? { owner: event.owner }
      : { cents: account.cents + event.cents },
});
const handlers = {
  open: ({ owner }: { owner: string }): AccountEvent => ({
    type: "Opened",
    owner,
  }),
  close: (): AccountEvent[] => [],
};

test("spec() knows the events, the commands and the state", async () => {
  const { domain } = createDomain({ provider: createProvider() }, { account });
  const inferred = createCommands(domain.account, {
    open: ({ owner }: { owner: string }) => ({ type: "Opened", owner }),
    close() {},
  });
  const ada: AccountEvent = { type: "Opened", owner: "Ada" };
  for (
    const accounts of [
      spec(account, handlers),
      spec(domain.account, handlers, { retries: 2 }),
      spec(domain.account, inferred, { aggregateId: "ada" }),
    ]
  ) {
    await accounts.given([ada, { event: ada, metadata: { userId: "u1" } }])
      .when.open({ owner: "Ada" }).then([{ type: "Opened", owner: "Ada" }]);
    await accounts.when.close().then([]);
    await accounts.when.close({}, { expectedVersion: 0 }).thenState({
      cents: 0,
      version: 0,
    });
    void (() => {
      // @ts-expect-error no such event
      accounts.given([{ type: "Locked" }]);
      // @ts-expect-error cents is a number
      accounts.given([{ type: "Deposited", cents: "5" }]);
      // @ts-expect-error no such command
      accounts.when.lock({});
      // @ts-expect-error owner is missing
      accounts.when.open({});
      // @ts-expect-error owner is missing
      accounts.when.open();
      // @ts-expect-error no such event
      accounts.when.close().then([{ type: "Locked" }]);
      // @ts-expect-error no such property
      accounts.when.close().thenState({ dollars: 1 });
    });
    // @ts-expect-error nothing is expected: this is no promise
    void (async () => await accounts.when.close());
  }
});

test("spec() knows the domain of one aggregate, in both forms", async () => {
  const options = {
    stream: "accounts",
    provider: createProvider(),
    aggregate: account.aggregate,
    fold: account.fold,
  };
  const inferred = spec(createDomain(options, handlers));
  await inferred.given([{ type: "Deposited", cents: 1 }])
    .when.open({ owner: "Ada" }).thenState({ owner: "Ada", cents: 1 });
  const explicit = spec(
    createDomain<AccountEvent, Account, AccountCommand>(options, {
      open: async ({ owner }) => ({ type: "Opened", owner }),
      deposit: async ({ cents }) => ({ type: "Deposited", cents }),
    }),
  );
  await explicit.when.deposit({ cents: 1 })
    .then([{ type: "Deposited", cents: 1 }]);
  void (() => {
    // @ts-expect-error no such event
    inferred.given([{ type: "Locked" }]);
    // @ts-expect-error cents is a number
    explicit.when.deposit({ cents: "1" });
    // @ts-expect-error no such property
    explicit.when.deposit({ cents: 1 }).thenState({ dollars: 1 });
  });
});

test("spec() refuses commands of another aggregate", () => {
  const counter = createAggregate({
    stream: "counters",
    create: () => ({ value: 0 }),
    fold: (event: { type: "Added"; value: number }) => ({ value: event.value }),
  });
  void (() => {
    // @ts-expect-error a counter has no such event
    spec(counter, handlers);
  });
});

test("spec() of a handler knows its streams, and spy() its calls", async () => {
  type Mailer = { send(to: string, text: string): Promise<void>; name: string };
  expectType<Equal<CallOf<Mailer>, [name: "send", to: string, text: string]>>();
  const mailer = spy<Mailer>();

  const letters = spec((provider) => {
    const handler = createHandler<{ accounts: AccountEvent }>({
      bookmark: "letters",
      streams: ["accounts"],
      provider,
    });
    handler.handle(
      "accounts",
      "Opened",
      (id, { owner }) => mailer.send(id, `Welcome, ${owner}`),
    );
    return handler;
  });
  expectType<Equal<typeof letters, HandlerSpec<{ accounts: AccountEvent }>>>();

  const opened = letters
    .given("accounts", "ada", [{ type: "Opened", owner: "Ada" }])
    .given("others", "1", [{ type: "Anything", of: "any form" }]);
  await opened.thenCalls(mailer, [["send", "ada", "Welcome, Ada"]]);
  await opened.thenEvents("accounts", "ada", []);
  await opened;
  void (() => {
    // @ts-expect-error no such event
    letters.given("accounts", "ada", [{ type: "Locked" }]);
    // @ts-expect-error no such method
    letters.thenCalls(mailer, [["post", "ada", ""]]);
    // @ts-expect-error a text is missing
    letters.thenCalls(mailer, [["send", "ada"]]);
  });

  const one = spec((provider) =>
    createDomain({
      stream: "accounts",
      provider,
      aggregate: account.aggregate,
      fold: account.fold,
    }, handlers).handler("one")
  );
  await one.given("accounts", "ada", [{ type: "Deposited", cents: 1 }]);
  void (() => {
    // @ts-expect-error no such event
    one.given("accounts", "ada", [{ type: "Locked" }]);
  });
});
