import {
  CommandError,
  createAggregate,
  createCommands,
  createDomain,
  createUpcasters,
  type Provider,
  withMetadata,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { AssertionError, spec } from "evtstore/spec";
import assert from "node:assert/strict";
import { test } from "node:test";

type AccountEvent =
  | { type: "Opened"; owner: string; by?: string }
  | { type: "Deposited"; cents: number }
  | { type: "Withdrawn"; cents: number };
type Account = { owner: string; cents: number; openedAt?: Date };

const account = createAggregate({
  stream: "accounts",
  create: (): Account => ({ owner: "", cents: 0 }),
  fold: (event: AccountEvent, { cents }, { timestamp }) => {
    switch (event.type) {
      case "Opened":
        return { owner: event.owner, openedAt: timestamp };
      case "Deposited":
        return { cents: cents + event.cents };
      case "Withdrawn":
        return { cents: cents - event.cents };
    }
  },
});

const handlers = {
  open(
    { owner, aggregateId }: { owner: string; aggregateId: string },
  ): AccountEvent {
    return { type: "Opened", owner, by: aggregateId };
  },
  withdraw(
    { cents }: { cents: number },
    account: Account,
  ): AccountEvent[] {
    if (cents > account.cents) {
      throw new CommandError(`Only ${account.cents} cents left`, "OVERDRAFT");
    }
    return cents === 0 ? [] : [{ type: "Withdrawn", cents }];
  },
  withdrawTwice: (
    { cents }: { cents: number },
  ): AccountEvent[] => [
    { type: "Withdrawn", cents },
    { type: "Withdrawn", cents },
  ],
};

/** A database that fails whatever it is asked. */
const fail = () => Promise.reject(new Error("connection refused"));
const down: Provider<any> = {
  ...createProvider(),
  getEventsFor: fail,
  getLastEventFor: fail,
  append: fail,
};

const rich = spec(account, handlers).given([
  { type: "Opened", owner: "Ada" },
  { type: "Deposited", cents: 500 },
]);

/** What a specification that does not hold rejects with. */
async function failureOf(promise: Promise<void>): Promise<AssertionError> {
  const error = await promise.then(() => undefined, (error) => error);
  assert(error instanceof AssertionError, String(error));
  return error;
}

test("spec() of an aggregate and command handlers holds for what they do", async () => {
  await rich.when.withdraw({ cents: 120 }).then([
    { type: "Withdrawn", cents: 120 },
  ]);
  await rich.when.withdraw({ cents: 120 }).thenState({
    owner: "Ada",
    cents: 380,
    version: 3,
  });
  await rich.when.withdraw({ cents: 0 }).then([]);
  await rich.when.withdraw({ cents: 501 }).thenError("OVERDRAFT");
});

test("spec() shows the difference of the events, line by line", async () => {
  const error = await failureOf(
    rich.when.withdrawTwice({ cents: 120 }).then([
      { type: "Withdrawn", cents: 100 },
      { type: "Withdrawn", cents: 120 },
    ]),
  );
  assert.equal(
    error.message,
    `withdrawTwice stored other events than expected
- expected
+ actual

  [
-   { type: "Withdrawn", cents: 100 },
+   { type: "Withdrawn", cents: 120 },
    { type: "Withdrawn", cents: 120 },
  ]`,
  );
  assert.equal(error.name, "AssertionError");
  const frames = error.stack!.split("\n").filter((line) => /^ +at /.test(line));
  assert.match(frames[0]!, /spec_test\.ts/);
  assert.equal(error.code, "ERR_ASSERTION");
  assert.deepEqual(error.actual, [
    { type: "Withdrawn", cents: 120 },
    { type: "Withdrawn", cents: 120 },
  ]);
  assert.deepEqual(error.expected, [
    { type: "Withdrawn", cents: 100 },
    { type: "Withdrawn", cents: 120 },
  ]);
});

test("spec() refuses a missing event, an additional one and another order", async () => {
  const twice = rich.when.withdrawTwice({ cents: 1 });
  const one: AccountEvent = { type: "Withdrawn", cents: 1 };
  await failureOf(twice.then([one]));
  await failureOf(twice.then([one, one, one]));
  await failureOf(twice.then([]));
  await failureOf(rich.when.withdraw({ cents: 0 }).then([one]));
  const noOwner = spec(account, handlers).when.open({ owner: "Eve" });
  await failureOf(noOwner.then([{ type: "Opened", owner: "Eve" }]));
});

test("spec() says that and why a command was refused", async () => {
  const error = await failureOf(
    rich.when.withdraw({ cents: 501 }).then([{
      type: "Withdrawn",
      cents: 501,
    }]),
  );
  assert.equal(
    error.message,
    "withdraw was refused, where an event was expected: CommandError: Only 500 cents left (OVERDRAFT)",
  );
  assert(error.cause instanceof CommandError);
  await failureOf(rich.when.withdraw({ cents: 501 }).thenState({ cents: 0 }));
});

test("thenError() takes a code, a class, a pattern or properties", async () => {
  const refused = rich.when.withdraw({ cents: 501 });
  await refused.thenError("OVERDRAFT");
  await refused.thenError(CommandError);
  await refused.thenError(/Only \d+ cents/);
  await refused.thenError({ code: "OVERDRAFT", message: /left$/ });
  const other = await failureOf(refused.thenError("CLOSED"));
  assert.equal(
    other.message,
    `withdraw failed otherwise than expected: CommandError: Only 500 cents left (OVERDRAFT)
- expected
+ actual

- { code: "CLOSED" }
+ { code: "OVERDRAFT" }`,
  );
  await failureOf(refused.thenError(RangeError));
  await failureOf(refused.thenError(/nothing left/));
  await failureOf(refused.thenError({ code: "OVERDRAFT", message: "left" }));
});

test("thenError() shows what was stored where nothing was refused", async () => {
  const error = await failureOf(
    rich.when.withdraw({ cents: 1 }).thenError("OVERDRAFT"),
  );
  assert.equal(
    error.message,
    `withdraw was not refused, where an error was expected; it stored

[
  { type: "Withdrawn", cents: 1 },
]`,
  );
});

test("thenState() compares the properties it is given, and no others", async () => {
  const openedAt = new Date("2026-01-02T03:04:05Z");
  const old = spec(account, handlers, { aggregateId: "ada" }).given([
    { event: { type: "Opened", owner: "Ada" }, timestamp: openedAt },
  ]);
  const nothing = old.when.withdraw({ cents: 0 });
  await nothing.thenState({ openedAt, aggregateId: "ada" });
  const error = await failureOf(nothing.thenState({ openedAt: new Date(0) }));
  assert.equal(
    error.message,
    `withdraw led to another state than expected
- expected
+ actual

- { openedAt: Date(1970-01-01T00:00:00.000Z) }
+ { openedAt: Date(2026-01-02T03:04:05.000Z) }`,
  );
});

test("an expectation that is left out fails", async () => {
  const forgotten: any = rich.when.withdraw({ cents: 1 });
  await assert.rejects(async () => await forgotten, {
    name: "TypeError",
    message:
      "Nothing is expected of withdraw: end with then([…]), thenError(…) or thenState(…)",
  });
});

test("given() changes no specification, and each expectation has a log of its own", async () => {
  const richer = rich.given([{ type: "Deposited", cents: 1 }]);
  await richer.when.withdraw({ cents: 1 }).thenState({ cents: 500 });
  const command = rich.when.withdraw({ cents: 500 });
  await command.thenState({ cents: 0 });
  await command.thenState({ cents: 0 });
});

test("metadata is given and compared where it is named", async () => {
  const opened = spec(account, handlers).given([
    { event: { type: "Deposited", cents: 5 }, metadata: { userId: "u1" } },
  ]);
  const command = opened.when.withdraw({ cents: 5 }, {
    metadata: { userId: "u2" },
  });
  const event: AccountEvent = { type: "Withdrawn", cents: 5 };
  await command.then([event]);
  await command.then([{ event, metadata: { userId: "u2" } }]);
  await failureOf(command.then([{ event, metadata: { userId: "u1" } }]));
  await withMetadata({ correlationId: "r1" }, () =>
    command.then([
      { event, metadata: { correlationId: "r1", userId: "u2" } },
    ]));
});

test("spec() of a domain asks memory, and not the domain's database", async () => {
  const { domain } = createDomain({ provider: down, useCache: true }, {
    account,
  });
  const given: AccountEvent[] = [{ type: "Deposited", cents: 5 }];
  const expected: AccountEvent[] = [{ type: "Withdrawn", cents: 5 }];
  const commands = createCommands(domain.account, handlers, { retries: 1 });
  await assert.rejects(commands.withdraw("ada", { cents: 5 }), /refused/);

  const made = spec(domain.account, commands).given(given);
  await made.when.withdraw({ cents: 5 }).then(expected);
  const unmade = spec(domain.account, handlers).given(given);
  await unmade.when.withdraw({ cents: 5 }).then(expected);

  const accounts = createDomain(
    {
      stream: "accounts",
      provider: down,
      aggregate: (): Account => ({ owner: "", cents: 0 }),
      fold: account.fold,
    },
    handlers,
  );
  const one = spec(accounts).given(given);
  await one.when.withdraw({ cents: 5 }).then(expected);
  await one.when.withdraw({ cents: 6 }).thenError("OVERDRAFT");
});

test("spec() of a persisted aggregate compares the events without its state", async () => {
  const persisted = createAggregate({
    stream: "accounts",
    create: (): Account => ({ owner: "", cents: 0 }),
    fold: account.fold,
    persistAggregate: true,
    version: "1",
  });
  const { domain } = createDomain({ provider: down }, { persisted });
  for (const aggregate of [persisted, domain.persisted]) {
    await spec(aggregate, handlers)
      .given([{ type: "Deposited", cents: 5 }])
      .when.withdraw({ cents: 5 }, { expectedVersion: 1 })
      .then([{ type: "Withdrawn", cents: 5 }]);
  }
});

test("spec() refuses what it cannot make over memory", () => {
  const { domain } = createDomain({ provider: down }, { account });
  assert.throws(() => spec({ ...domain.account }, handlers), {
    name: "TypeError",
    message:
      "Expected an aggregate that createAggregate or createDomain returned: a copy of it cannot be made over another provider",
  });
});

test("given() takes old shapes, and the command decides on today's", async () => {
  type Old = AccountEvent | { type: "Started"; name: string; cents: number };
  const upcasted = createAggregate({
    stream: account.stream,
    create: account.aggregate,
    fold: account.fold,
    upcast: createUpcasters<Old, AccountEvent>({
      Started: ({ name, cents }) => [
        { type: "Opened", owner: name },
        { type: "Deposited", cents },
      ],
    }),
  });
  const started = [{ type: "Started" as const, name: "Ada", cents: 500 }];
  await spec(upcasted, handlers).given(started)
    .when.withdraw({ cents: 500 }).thenState({
      owner: "Ada",
      cents: 0,
      version: 2,
    });
  const { domain } = createDomain({ provider: createProvider() }, { upcasted });
  await spec(domain.upcasted, createCommands(domain.upcasted, handlers))
    .given(started).when.withdraw({ cents: 501 }).thenError("OVERDRAFT");
});

test("a command is specified with what it claims across aggregates", async () => {
  const user = createAggregate({
    stream: "users",
    create: () => ({ name: "" }),
    fold: ({ name }: { type: "Named"; name: string }) => ({ name }),
  });
  const users = spec(user, {
    rename: ({ name }: { name: string }, { name: old }: { name: string }) => ({
      events: { type: "Named" as const, name },
      reserve: [name],
      release: old ? [old] : [],
      requires: [{ stream: "teams", aggregateId: "t", version: 2 }],
    }),
  });
  const team = { stream: "teams", aggregateId: "t" };
  const joined = users.beside({
    ...team,
    events: [{ type: "Founded", by: "eve" }, { event: { type: "Joined" } }],
  });
  const named = [{ type: "Named" as const, name: "Ada" }];
  await joined.when.rename({ name: "Ada" }).then(named);
  await users.when.rename({ name: "Ada" }).thenError({
    code: "REQUIREMENT_FAILED",
    actualVersion: 0,
  });
  const taken = joined.beside({
    stream: "users",
    aggregateId: "eve",
    reserved: ["Ada", "Eve"],
  });
  await taken.when.rename({ name: "Bob" }).then([{
    type: "Named",
    name: "Bob",
  }]);
  await taken.given(named).when.rename({ name: "Eve" })
    .thenError({ code: "ALREADY_RESERVED", aggregateId: "eve" });
  await joined
    .beside({ stream: "users", aggregateId: "aggregate", reserved: ["Ada"] })
    .when.rename({ name: "Ada" }).then(named);
  await assert.rejects(
    users.beside({ ...team, reserved: [""] }).when.rename({ name: "Ada" })
      .then(named),
    { code: "INVALID_INPUT" },
  );
});
