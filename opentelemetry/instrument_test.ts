import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import {
  CommandError,
  createAggregate,
  createCommands,
  createDomain,
  type Provider,
  VersionError,
  withMetadata,
} from "evtstore";
import { instrument } from "evtstore/opentelemetry";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Recorder } from "../tests/opentelemetry/recorder.ts";

type Deposited = { type: "Deposited"; cents: number; note: string };

const account = createAggregate({
  stream: "accounts",
  create: () => ({ cents: 0 }),
  fold: ({ cents }: Deposited, account) => ({ cents: account.cents + cents }),
});

const SECRET = "for the surprise party";

function setUp(inner: Provider<any> = createProvider()) {
  const recorder = new Recorder();
  const { tracer, meter } = recorder;
  const provider = instrument(inner, { tracer, meter });
  const { domain, createHandler } = createDomain({ provider }, { account });
  const accounts = createCommands(domain.account, {
    deposit: ({ cents }: { cents: number }) => ({
      type: "Deposited" as const,
      cents,
      note: SECRET,
    }),
    refuse(_: { note: string }) {
      throw new CommandError(`No ${SECRET}`, "CLOSED");
    },
    fail(_: { note: string }) {
      throw new TypeError(`Broken ${SECRET}`);
    },
  }, { retries: 1 });
  return { recorder, provider, accounts, createHandler };
}

const parentOf = (span: ReadableSpan) => span.parentSpanContext?.spanId;
const only = <T>(all: T[]): T => {
  assert.equal(all.length, 1);
  return all[0]!;
};

test("a command is a span with its load and its append below it", async () => {
  const { recorder, accounts } = setUp();
  await accounts.deposit("ada", { cents: 5 });
  const command = only(recorder.named("command accounts.deposit"));
  const load = only(recorder.named("load accounts"));
  const append = only(recorder.named("append accounts"));
  assert.equal(recorder.spans.length, 3);
  assert.equal(parentOf(command), undefined);
  assert.equal(parentOf(load), command.spanContext().spanId);
  assert.equal(parentOf(append), command.spanContext().spanId);
  assert.equal(command.kind, SpanKind.INTERNAL);
  assert.equal(append.kind, SpanKind.CLIENT);
  assert.deepEqual(append.attributes, {
    "db.system.name": "memory",
    "db.operation.name": "append",
    "db.collection.name": "accounts",
    "evtstore.aggregate.id": "ada",
  });
  assert.equal(load.attributes["db.response.returned_rows"], 0);
  assert.deepEqual(command.attributes, {
    "messaging.destination.name": "accounts",
    "evtstore.command.name": "deposit",
    "evtstore.aggregate.id": "ada",
  });
});

test("a command is below the span that it is sent in", async () => {
  const { recorder, accounts } = setUp();
  await recorder.tracer.startActiveSpan("request", async (span) => {
    await accounts.deposit("ada", { cents: 5 });
    span.end();
  });
  const request = only(recorder.named("request"));
  const command = only(recorder.named("command accounts.deposit"));
  assert.equal(parentOf(command), request.spanContext().spanId);
});

test("the span of a callback links to the command, in a trace of its own", async () => {
  const { recorder, accounts, createHandler } = setUp();
  await withMetadata(
    { correlationId: "c1", userId: "u1" },
    () => accounts.deposit("ada", { cents: 5 }),
  );
  const handler = createHandler("sums", ["accounts"]);
  handler.handle("accounts", "Deposited", () => {});
  // As one that is started inside a request: that trace would never end.
  await recorder.tracer.startActiveSpan("request", async (span) => {
    await handler.runOnce();
    span.end();
  });
  const command = only(recorder.named("command accounts.deposit"));
  const handle = only(recorder.named("handle accounts"));
  assert.equal(handle.kind, SpanKind.CONSUMER);
  assert.equal(handle.parentSpanContext, undefined);
  const { spanId, traceId } = command.spanContext();
  assert.notEqual(handle.spanContext().traceId, traceId);
  const { context } = only(handle.links);
  assert.deepEqual([context.spanId, context.traceId, context.isRemote], [
    spanId,
    traceId,
    true,
  ]);
  assert.deepEqual(handle.attributes, {
    "messaging.system": "evtstore",
    "messaging.operation.name": "handle",
    "messaging.operation.type": "process",
    "messaging.destination.name": "accounts",
    "messaging.consumer.group.name": "sums",
    "messaging.message.id": "accounts/ada@1",
    "messaging.message.conversation_id": "c1",
    "evtstore.aggregate.id": "ada",
    "evtstore.event.type": "Deposited",
  });
});

test("what a callback sends is below it, and its events lead to that command", async () => {
  const { recorder, provider, accounts, createHandler } = setUp();
  await accounts.deposit("ada", { cents: 5 });
  const handler = createHandler("transfers", ["accounts"]);
  handler.handle("accounts", "Deposited", async (id) => {
    if (id === "ada") await accounts.deposit("bob", { cents: 1 });
  });
  await handler.runOnce();
  await handler.runOnce();
  const [first, second] = recorder.named("command accounts.deposit");
  const [forAda, forBob] = recorder.named("handle accounts");
  assert.equal(parentOf(second!), forAda!.spanContext().spanId);
  assert.deepEqual(
    [forAda, forBob].map((one) => only(one!.links).context.spanId),
    [first, second].map((one) => one!.spanContext().spanId),
  );
  const [stored] = await provider.getEventsFor("accounts", "bob");
  const { traceId, spanId } = second!.spanContext();
  assert.equal(stored!.metadata!.traceparent, `00-${traceId}-${spanId}-01`);
  assert.equal(stored!.metadata!.causationId, "accounts/ada@1");
});

test("a batch is one span that links to each of its commands once", async () => {
  const { recorder, provider, accounts, createHandler } = setUp();
  await accounts.deposit("ada", { cents: 5 });
  await accounts.deposit("bob", { cents: 5 });
  // Two events of no command are of their append.
  const two = provider.createEvents("accounts", "eve", 1, [
    { type: "Deposited" },
    { type: "Deposited" },
  ]);
  await provider.append("accounts", "eve", 1, two);
  const handler = createHandler("sums", ["accounts"]);
  handler.handleBatch(async () => {});
  await handler.runOnce();
  const handle = only(recorder.named("handle accounts"));
  assert.equal(handle.attributes["messaging.batch.message_count"], 4);
  const appends = recorder.named("append accounts");
  assert.equal(appends[2]!.attributes["db.operation.batch.size"], 2);
  assert.deepEqual(
    handle.links.map(({ context }) => context.spanId),
    [
      ...recorder.named("command accounts.deposit"),
      appends[2]!,
    ].map((span) => span.spanContext().spanId),
  );
  assert.deepEqual(
    await recorder.values(
      "messaging.client.consumed.messages",
      "messaging.consumer.group.name",
    ),
    { sums: 4 },
  );
});

test("a refusal is no error; a failure is one, and says nothing", async () => {
  const { recorder, accounts, createHandler } = setUp();
  await assert.rejects(accounts.refuse("ada", { note: SECRET }), CommandError);
  await assert.rejects(accounts.fail("ada", { note: SECRET }), TypeError);
  await accounts.deposit("ada", { cents: 5 });
  const handler = createHandler("sums", ["accounts"]);
  handler.handle("accounts", "Deposited", () => {
    throw new RangeError(SECRET);
  });
  await assert.rejects(handler.runOnce(), RangeError);
  const refused = only(recorder.named("command accounts.refuse"));
  assert.equal(refused.status.code, SpanStatusCode.UNSET);
  assert.equal(refused.attributes["evtstore.command.refusal"], "CLOSED");
  const failed = only(recorder.named("command accounts.fail"));
  assert.equal(failed.status.code, SpanStatusCode.ERROR);
  assert.equal(failed.attributes["error.type"], "TypeError");
  const handle = only(recorder.named("handle accounts"));
  assert.equal(handle.status.code, SpanStatusCode.ERROR);
  assert.equal(handle.attributes["error.type"], "RangeError");
  const everything = JSON.stringify([
    recorder.spans.map(({ name, attributes, events, links, status }) => ({
      ...{ name, attributes, events, links, status },
    })),
    (await recorder.collect()).metrics.scopeMetrics,
  ]);
  assert(everything.includes("accounts.fail"));
  assert(!everything.includes(SECRET));
});

test("a command that somebody else was faster than is in error", async () => {
  const { recorder, accounts } = setUp();
  const old = { expectedVersion: 3 };
  await assert.rejects(
    accounts.deposit("ada", { cents: 5 }, old),
    VersionError,
  );
  const command = only(recorder.named("command accounts.deposit"));
  assert.equal(command.status.code, SpanStatusCode.ERROR);
  assert.equal(command.attributes["error.type"], "VERSION_CONFLICT");
  assert.equal(command.attributes["evtstore.command.refusal"], undefined);
});

test("a conflict is counted, and the append that lost is in error", async () => {
  const memory = createProvider();
  let isFirst = true;
  const raced = {
    ...memory,
    append: async (...args: Parameters<typeof memory.append>) => {
      if (isFirst) {
        isFirst = false;
        await memory.append(...args);
      }
      return await memory.append(...args);
    },
  };
  const { recorder, accounts } = setUp(raced);
  const { version } = await accounts.deposit("ada", { cents: 5 });
  assert.equal(version, 2);
  const appends = recorder.named("append accounts");
  assert.deepEqual(appends.map(({ status }) => status.code), [
    SpanStatusCode.ERROR,
    SpanStatusCode.UNSET,
  ]);
  assert.equal(appends[0]!.attributes["error.type"], "VERSION_CONFLICT");
  const command = only(recorder.named("command accounts.deposit"));
  assert.equal(command.status.code, SpanStatusCode.UNSET);
  assert.deepEqual(
    await recorder.values("evtstore.append.conflicts", "db.collection.name"),
    { accounts: 1 },
  );
  assert.deepEqual(
    await recorder.values("db.client.operation.duration", "db.operation.name"),
    { append: 2, load: 2 },
  );
  assert.deepEqual(
    await recorder.values(
      "messaging.client.sent.messages",
      "messaging.destination.name",
    ),
    { accounts: 1 },
  );
});

test("a transaction of a command is a span; a handler's page has none", async () => {
  const { recorder, accounts, createHandler } = setUp();
  await accounts.deposit("bob", { cents: 1 });
  await accounts.deposit("ada", { cents: 5 }, {
    requires: [{ stream: "accounts", aggregateId: "bob", version: 1 }],
  });
  const transact = only(recorder.named("transact"));
  const command = recorder.named("command accounts.deposit")[1]!;
  assert.equal(parentOf(transact), command.spanContext().spanId);
  assert.equal(
    parentOf(recorder.named("append accounts")[1]!),
    transact.spanContext().spanId,
  );
  const handler = createHandler("sums", ["accounts"], { transactional: true });
  handler.handle("accounts", "Deposited", () => {});
  await handler.runOnce();
  assert.equal(recorder.named("transact").length, 1);
  assert.equal(recorder.named("handle accounts").length, 2);
});

test("work without a span around it links to what caused it", async () => {
  const { recorder, accounts } = setUp();
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await withMetadata(
    { traceparent },
    () => accounts.deposit("ada", { cents: 5 }),
  );
  const command = only(recorder.named("command accounts.deposit"));
  assert.equal(only(command.links).context.spanId, "b7ad6b7169203331");
});

test("without an SDK everything works, and metadata stays as it is", async () => {
  const provider = instrument(createProvider());
  const { domain, createHandler } = createDomain({ provider }, { account });
  const accounts = createCommands(domain.account, {
    deposit: () => ({ type: "Deposited" as const, cents: 1, note: "" }),
  });
  await accounts.deposit("ada", {});
  const [stored] = await provider.getEventsFor("accounts", "ada");
  assert.equal(stored!.metadata, undefined);
  const handler = createHandler("sums", ["accounts"]);
  let handled = 0;
  handler.handle("accounts", "Deposited", () => void handled++);
  await handler.runOnce();
  assert.equal(handled, 1);
  assert.equal(trace.getActiveSpan(), undefined);
});

test("a promised provider, and one that is instrumented already", async () => {
  const { tracer, meter } = new Recorder();
  const options = { tracer, meter };
  const provider = instrument(Promise.resolve(createProvider()), options);
  assert.equal(instrument(provider, options), provider);
  const one = await provider;
  assert.equal(instrument(one, options), one);
  assert.equal(one.driver, "memory");
  const failed = instrument(Promise.reject(new Error("away")), options);
  await assert.rejects(failed, /away/);
});

test("the database is called what the conventions call it", async () => {
  const names: unknown[] = [];
  for (const driver of ["pg", "mongo", "knex", "sqlite"]) {
    const { recorder, accounts } = setUp({ ...createProvider(), driver });
    await accounts.deposit("ada", { cents: 5 });
    names.push(
      only(recorder.named("append accounts")).attributes["db.system.name"],
    );
  }
  assert.deepEqual(names, ["postgresql", "mongodb", "other_sql", "sqlite"]);
  const { tracer, meter } = new Recorder();
  const provider = instrument(createProvider(), {
    ...{ tracer, meter },
    system: "mariadb",
  });
  await assert.rejects(
    provider.append("accounts", "ada", 2, [
      ...provider.createEvents("accounts", "ada", 2, [{ type: "Deposited" }]),
    ]),
    VersionError,
  );
});
