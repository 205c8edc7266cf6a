import {
  type BaseAggregate,
  createAggregate,
  createCommands,
  createDomain,
  type Provider,
} from "evtstore";
import {
  createProvider,
  type MemoryTransaction,
} from "evtstore/provider/memory";
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
expectType<Equal<typeof account.stream, "accounts">>();

const { domain } = createDomain({ provider: createProvider() }, { account });

const accounts = createCommands(domain.account, {
  async open(cmd: { owner: string }, account) {
    expectType<Equal<typeof account, Account & BaseAggregate>>();
    return { type: "Opened", owner: cmd.owner };
  },
  deposit(cmd: { cents: number; aggregateId: string }) {
    return [{ type: "Deposited", cents: cmd.cents }];
  },
  async close() {},
}, { retries: 3 });

test("createCommands() infers commands from the handlers' parameters", async () => {
  const ada = await accounts.open("ada", { owner: "Ada" });
  expectType<Equal<typeof ada, Account & BaseAggregate>>();
  await accounts.deposit("ada", { cents: 1 }, {
    expectedVersion: ada.version,
    commandId: "d1",
    metadata: { userId: "u1" },
  });
  await accounts.close("ada", {});
  const tx = null as unknown as MemoryTransaction;
  void (() => accounts.open("ada", { owner: "" }, { tx }));
  // @ts-expect-error a transaction of another driver
  void (() => accounts.open("ada", { owner: "" }, { tx: "not a transaction" }));
});

test("createCommands() refuses wrong commands", () => {
  // @ts-expect-error payload is missing
  void (() => accounts.open("ada", {}));
  // @ts-expect-error payload of another type
  void (() => accounts.deposit("ada", { cents: "1" }));
  // @ts-expect-error unknown command
  void (() => accounts.nope("ada", {}));
  // @ts-expect-error no aggregate id
  void (() => accounts.open({ owner: "Ada" }));
});

test("createCommands() refuses events of another aggregate", () => {
  createCommands(domain.account, {
    // @ts-expect-error unknown event
    async bad(_cmd: { a: string }) {
      return { type: "Nope" };
    },
  });
  createCommands(domain.account, {
    // @ts-expect-error wrong property of an event
    async bad(_cmd: { a: string }) {
      return { type: "Opened", owner: 1 };
    },
  });
});

test("createCommands() takes the commands as a type argument", async () => {
  const commands = createCommands<AccountEvent, Account, AccountCommand>(
    domain.account,
    {
      open: async (cmd, account) => {
        expectType<Equal<typeof cmd.owner, string>>();
        expectType<Equal<typeof cmd.type, "open">>();
        expectType<Equal<typeof account.cents, number>>();
        return { type: "Opened", owner: cmd.owner };
      },
      deposit: async (cmd) => [{ type: "Deposited", cents: cmd.cents }],
    },
  );
  await commands.open("grace", { owner: "Grace" });
  // @ts-expect-error payload is missing
  void (() => commands.open("grace", {}));
  // @ts-expect-error unknown command
  void (() => commands.nope("grace", {}));

  // @ts-expect-error a handler is missing
  createCommands<AccountEvent, Account, AccountCommand>(domain.account, {
    open: async (cmd) => ({ type: "Opened", owner: cmd.owner }),
  });
});

test("createDomain() of one aggregate infers its commands", async () => {
  const users = createDomain({
    stream: "users",
    aggregate: () => ({ name: "" }),
    fold: (event: { type: "Named"; name: string }) => ({ name: event.name }),
    provider: createProvider(),
  }, {
    rename: (cmd: { name: string }, user) => {
      expectType<Equal<typeof user.name, string>>();
      return { type: "Named", name: cmd.name };
    },
  });
  await users.command.rename("u1", { name: "Ada" });
  const user = await users.getAggregate("u1");
  const next = await user.rename({ name: "Grace" });
  expectType<Equal<typeof next.aggregate.name, string>>();
  // @ts-expect-error unknown command
  void (() => users.command.nope("u1", {}));
  // @ts-expect-error wrong payload
  void (() => user.rename({ nome: "Ada" }));
});

test("createDomain() of one aggregate refuses wrong commands", () => {
  const users = createDomain<
    { type: "Named"; name: string },
    { name: string },
    { type: "rename"; name: string }
  >({
    stream: "users",
    aggregate: () => ({ name: "" }),
    fold: (event) => ({ name: event.name }),
    provider: createProvider(),
  }, {
    rename: async (cmd) => ({ type: "Named", name: cmd.name }),
  });
  // @ts-expect-error wrong payload
  void (() => users.command.rename("u1", { name: 1 }));
  // @ts-expect-error unknown command
  void (() => users.command.nope("u1", {}));
  void (async () => {
    const user = await users.getAggregate("u1");
    // @ts-expect-error a loaded aggregate is not to be changed
    user.aggregate.name = "Ada";
  });
});

test("a fold returns properties of its aggregate only", () => {
  createAggregate({
    stream: "accounts",
    create: (): Account => ({ owner: "", cents: 0 }),
    // @ts-expect-error wrong type of a property
    fold: (event: AccountEvent) => ({ owner: 1, event }),
  });
});

test("a provider written for evtstore 12 is a provider", async () => {
  const written: Provider<any> = createProvider();
  const { domain } = createDomain({ provider: Promise.resolve(written) }, {
    account,
  });
  const loaded = await domain.account.getAggregate("ada");
  expectType<Equal<typeof loaded, Account & BaseAggregate>>();
});
