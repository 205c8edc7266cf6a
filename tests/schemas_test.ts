import {
  CommandError,
  createAggregate,
  createCommands,
  createDomain,
  InvalidCommandError,
  type StandardSchema,
  StoreError,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { spec } from "evtstore/spec";
import { type } from "arktype";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { z } from "zod";

type Deposited = { cents: number; note?: string | undefined };
type Lines = { lines: { cents: number }[] };

/** The same schemas in each library. */
const libraries: Record<string, {
  Deposited: StandardSchema<Deposited>;
  Billed: StandardSchema<Lines>;
}> = {
  zod: {
    Deposited: z.object({ cents: z.int(), note: z.string().optional() }),
    Billed: z.object({ lines: z.array(z.object({ cents: z.int() })) }),
  },
  valibot: {
    Deposited: v.object({
      cents: v.pipe(v.number(), v.integer()),
      note: v.optional(v.string()),
    }),
    Billed: v.object({ lines: v.array(v.object({ cents: v.number() })) }),
  },
  arktype: {
    Deposited: type({ cents: "number.integer", "note?": "string | undefined" }),
    Billed: type({ lines: type({ cents: "number" }).array() }),
  },
};

for (const [library, schema] of Object.entries(libraries)) {
  const account = createAggregate({
    stream: "accounts",
    schema,
    validateOnRead: true,
    create: () => ({ cents: 0 }),
    fold: (event, { cents }) => ({
      cents: event.type === "Deposited"
        ? cents + event.cents
        : cents - event.lines.reduce((sum, line) => sum + line.cents, 0),
    }),
  });

  /** The commands store what they are called with, whatever it is. */
  const open = () => {
    const provider = createProvider();
    const { domain, createHandler } = createDomain({ provider }, { account });
    const accounts = createCommands(domain.account, {
      deposit: (command: { cents: any }) => [
        { type: "Deposited", cents: 1 },
        { type: "Deposited", cents: command.cents },
      ],
      bill: ({ lines }: { lines: any[] }) => ({ type: "Billed", lines }),
      lock: (): any => ({ type: "Locked" }),
    });
    return { provider, domain, createHandler, accounts };
  };

  test(`${library}: a valid event is stored, and an invalid one refused with its path`, async () => {
    const { accounts, provider } = open();
    const ada = await accounts.deposit("ada", { cents: 5 });
    assert.deepEqual(ada, { cents: 6, aggregateId: "ada", version: 2 });

    for (
      const [command, field] of [
        [accounts.deposit("ada", { cents: "5" }), "events[1].cents"],
        [accounts.deposit("ada", { cents: undefined }), "events[1].cents"],
        [
          accounts.bill("ada", { lines: [{ cents: 1 }, { cents: "2" }] }),
          "events[0].lines[1].cents",
        ],
        [accounts.lock("ada", {}), "events[0]"],
      ] as const
    ) {
      await assert.rejects(command, (error) => {
        assert(error instanceof StoreError);
        assert.equal(error.code, "INVALID_EVENT");
        assert.equal(error.field, field);
        assert.equal(error.stream, "accounts");
        assert.equal(error.aggregateId, "ada");
        assert(error.message.includes(`Cannot store ${field} of "ada"`));
        return true;
      });
    }
    // None of a command's events is, also of those that are valid.
    assert.equal((await provider.getEventsFor("accounts", "ada")).length, 2);
  });

  test(`${library}: an event that is not valid is refused when it is read`, async () => {
    const { accounts, provider, domain, createHandler } = open();
    await provider.append(
      "accounts",
      "ada",
      1,
      provider.createEvents("accounts", "ada", 1, [
        { type: "Deposited", cents: "5" },
      ]),
    );
    const refused = {
      code: "INVALID_EVENT",
      field: "event.cents",
      stream: "accounts",
      aggregateId: "ada",
    };
    await assert.rejects(domain.account.getAggregate("ada"), refused);
    await assert.rejects(accounts.deposit("ada", { cents: 1 }), refused);

    const handler = createHandler("sum", ["accounts"]);
    handler.handle("accounts", "Deposited", () => assert.fail("called"));
    await assert.rejects(handler.runOnce(), refused);
    const batches = createHandler("batches", ["accounts"]);
    batches.handleBatch(() => assert.fail("called"));
    await assert.rejects(batches.runOnce(), refused);

    const unread = createDomain({ provider }, {
      account: { ...account, validateOnRead: false },
    });
    const ada = await unread.domain.account.getAggregate("ada");
    assert.equal(ada.version, 1);
  });

  test(`${library}: a command is validated before anything is read`, async () => {
    const { provider, domain } = open();
    let called = 0;
    const accounts = createCommands(domain.account, {
      deposit: ({ cents }) => {
        called++;
        return { type: "Deposited", cents };
      },
    }, { commandSchema: { deposit: schema.Deposited } });
    const wrong: any = { cents: "5", note: 1 };
    await assert.rejects(
      accounts.deposit("ada", wrong),
      (error) => {
        assert(error instanceof InvalidCommandError);
        assert(error instanceof CommandError);
        assert.equal(error.code, "INVALID_COMMAND");
        assert.equal(error.field, "cents");
        assert.deepEqual(error.issues.map(({ field }) => field), [
          "cents",
          "note",
        ]);
        assert(
          error.message.startsWith('Invalid command "deposit": cents: '),
          error.message,
        );
        return true;
      },
    );
    assert.equal(called, 0);
    assert.equal((await accounts.deposit("ada", { cents: 5 })).cents, 5);
    assert.equal((await provider.getEventsFor("accounts", "ada")).length, 1);
  });
}

test("what a schema gives is stored, and its handler gets what a command's schema gives", async () => {
  const user = createAggregate({
    stream: "users",
    schema: {
      Named: z.object({
        name: z.string().trim(),
        title: z.string().default(""),
      }),
    },
    create: () => ({ name: "" }),
    fold: ({ name }) => ({ name }),
  });
  const commands = {
    rename: ({ name, years }: { name: string; years: number }) => ({
      type: "Named" as const,
      name: ` ${name.repeat(years)} `,
      title: "Ms",
      secret: "dropped",
    }),
  };
  await spec(user, commands, {
    commandSchema: {
      rename: z.object({
        name: z.string(),
        years: z.string().transform(Number),
      }),
    },
  }).when.rename({ name: "Ada", years: "2" })
    .then([{ type: "Named", name: "AdaAda", title: "Ms" }]);
});

test("a date is refused unless events are validated on reading", async () => {
  for (const validateOnRead of [false, true]) {
    const party = createAggregate({
      stream: "parties",
      schema: { Planned: z.object({ at: z.coerce.date() }) },
      validateOnRead,
      create: () => ({ year: 0 }),
      fold: ({ at }) => ({ year: at.getUTCFullYear() }),
    });
    const provider = createProvider();
    const { domain } = createDomain({ provider }, { party });
    const parties = createCommands(domain.party, {
      plan: () => ({ type: "Planned", at: new Date("2030-01-01") }),
    });
    if (!validateOnRead) {
      await assert.rejects(parties.plan("p1", {}), {
        code: "INVALID_EVENT",
        field: "events[0].at",
      });
      continue;
    }
    assert.equal((await parties.plan("p1", {})).year, 2030);
    assert.equal((await domain.party.getAggregate("p1")).year, 2030);
  }
});

test("what an older schema stored gets the defaults of the new one when it is read", async () => {
  const price = createAggregate({
    stream: "prices",
    schema: {
      PriceSet: z.object({
        cents: z.int(),
        currency: z.string().default("EUR"),
      }),
    },
    validateOnRead: true,
    create: () => ({ currency: "" }),
    fold: ({ currency }) => ({ currency }),
  });
  const provider = createProvider();
  const old = provider.createEvents("prices", "p", 1, [
    { type: "PriceSet", cents: 1 },
  ]);
  await provider.append("prices", "p", 1, old);
  const { domain, createHandler } = createDomain({ provider }, { price });
  assert.equal((await domain.price.getAggregate("p")).currency, "EUR");
  const seen: string[] = [];
  const handler = createHandler("prices", ["prices"]);
  handler.handle(
    "prices",
    "PriceSet",
    (_id, event) => seen.push(event.currency),
  );
  await handler.runOnce();
  assert.deepEqual(seen, ["EUR"]);
});

test("a domain of one aggregate takes the schemas of events and commands", async () => {
  const account = createAggregate({
    stream: "accounts",
    schema: { Deposited: z.object({ cents: z.int().positive() }) },
    validateOnRead: true,
    create: () => ({ cents: 0 }),
    fold: (event, { cents }) => ({ cents: cents + event.cents }),
  });
  const provider = createProvider();
  const accounts = createDomain({
    ...account,
    provider,
    commandSchema: { deposit: z.object({ cents: z.number() }) },
  }, {
    deposit: ({ cents }) => ({ type: "Deposited", cents }),
  });
  const wrong: any = { cents: "5" };
  await assert.rejects(accounts.command.deposit("ada", wrong), {
    code: "INVALID_COMMAND",
  });
  await assert.rejects(accounts.command.deposit("ada", { cents: -5 }), {
    code: "INVALID_EVENT",
    field: "events[0].cents",
  });
  await accounts.command.deposit("ada", { cents: 5 });
  const ada = await accounts.getAggregate("ada");
  await assert.rejects(ada.deposit(wrong), { code: "INVALID_COMMAND" });
  assert.equal((await ada.deposit({ cents: 5 })).aggregate.cents, 10);

  await provider.append(
    "accounts",
    "eve",
    1,
    provider.createEvents("accounts", "eve", 1, [
      { type: "Deposited", cents: 0 },
    ]),
  );
  const handler = accounts.handler("sum");
  handler.handle("Deposited", () => {});
  await assert.rejects(handler.runOnce(), {
    code: "INVALID_EVENT",
    aggregateId: "eve",
  });
});
