import assert from "node:assert/strict";
import {
  createAggregate,
  createDomain,
  createHandler,
  type EventMeta,
  type HandlerShards,
  type ParkedAggregate,
} from "evtstore";
import {
  createProvider,
  type MemoryTransaction,
} from "evtstore/provider/memory";
import { test } from "node:test";
import { type Equal, expectType } from "./equal.ts";

type UserEvent = { type: "Created" } | { type: "Named"; name: string };
type PostEvent = { type: "Created"; title: string } | { type: "Removed" };

const user = createAggregate({
  stream: "users",
  create: () => ({ name: "" }),
  fold: (event: UserEvent) =>
    event.type === "Named" ? { name: event.name } : {},
});
const post = createAggregate({
  stream: "posts",
  create: () => ({ title: "" }),
  fold: (event: PostEvent) =>
    event.type === "Created" ? { title: event.title } : {},
});
const provider = createProvider();
const { createHandler: createDomainHandler } = createDomain({ provider }, {
  user,
  post,
});

test("a handler of a domain knows the events of each stream", () => {
  const handler = createDomainHandler("model", ["users", "posts"]);
  handler.handle("posts", "Created", (id, event, meta, tx) => {
    expectType<Equal<typeof id, string>>();
    expectType<Equal<typeof event, { type: "Created"; title: string }>>();
    expectType<Equal<typeof meta, EventMeta>>();
    expectType<Equal<typeof tx, undefined>>();
  });
  handler.handleStream("users", {
    Named: (_id, event) => {
      expectType<Equal<typeof event.name, string>>();
    },
  });
  // @ts-expect-error event of another stream
  handler.handle("users", "Removed", () => {});
  assert.throws(() => {
    // @ts-expect-error unknown stream
    handler.handle("nope", "Created", () => {});
  }, { code: "INVALID_INPUT" });
  // @ts-expect-error unknown stream
  createDomainHandler("model", ["nope"]);
  const users = createDomainHandler("model", ["users"]);
  assert.throws(() => {
    // @ts-expect-error stream that it is not subscribed to
    users.handle("posts", "Created", () => {});
  }, { code: "INVALID_INPUT" });
});

test("a transactional handler has the transaction of its provider", () => {
  const handler = createDomainHandler("model", ["users"], {
    transactional: true,
  });
  handler.handle("users", "Named", (_id, _event, _meta, tx) => {
    expectType<Equal<typeof tx, MemoryTransaction>>();
  });
});

test("createHandler() knows the events of its map", () => {
  type EventMap = { users: UserEvent; posts: PostEvent };
  const handler = createHandler<EventMap>({
    bookmark: "model",
    streams: ["users", "posts"],
    provider,
  });
  handler.handle("users", "Named", (_id, event, _meta, tx) => {
    expectType<Equal<typeof event, { type: "Named"; name: string }>>();
    expectType<Equal<typeof tx, undefined>>();
  });
  // @ts-expect-error event of another stream
  handler.handle("users", "Removed", () => {});
  handler.handleStream("posts", {
    // @ts-expect-error unknown event
    Nope: () => {},
  });
  createHandler<EventMap>({
    bookmark: "model",
    // @ts-expect-error unknown stream
    streams: ["nope"],
    provider,
  });

  const transactional = createHandler<EventMap, MemoryTransaction>({
    bookmark: "model",
    streams: ["users"],
    provider,
    transactional: true,
  });
  transactional.handle("users", "Created", (_id, _event, _meta, tx) => {
    expectType<Equal<typeof tx, MemoryTransaction>>();
  });
});

test("a batch tells the events of its streams apart", () => {
  const handler = createDomainHandler("model", ["users", "posts"], {
    transactional: true,
  });
  handler.handleBatch((events, tx) => {
    expectType<Equal<typeof tx, MemoryTransaction>>();
    for (const one of events) {
      expectType<Equal<typeof one.version, number>>();
      if (one.stream === "users") {
        expectType<Equal<typeof one.event.type, UserEvent["type"]>>();
      } else expectType<Equal<typeof one.event.type, PostEvent["type"]>>();
    }
  }, { size: 100 });
  // @ts-expect-error size is a number
  (() => handler.handleBatch(() => {}, { size: "many" }));
});

test("how a handler is shared out is typed", () => {
  const handler = createDomainHandler("model", ["users"], { shards: 8 });
  // Never called: a type is all that is asked for.
  async function _use() {
    const { shards } = await handler.status();
    expectType<Equal<typeof shards, HandlerShards | undefined>>();
    // @ts-expect-error a handler without shards has no slices
    shards.slices.length;
  }
  // @ts-expect-error shards is a number
  (() => createDomainHandler("model", ["users"], { shards: "all" }));
});

test("what is parked of a handler is typed", () => {
  const handler = createDomainHandler("model", ["users"], {
    onFailure: "park",
    retry: { times: 3, minMs: 10, maxMs: 100 },
  });
  // Never called: a type is all that is asked for.
  async function _use() {
    const parked = (await handler.parked()).at(0);
    expectType<Equal<typeof parked, ParkedAggregate | undefined>>();
    expectType<Equal<NonNullable<typeof parked>["version"], number>>();
    const replayed = await handler.replay({ aggregateId: "u1" });
    expectType<Equal<typeof replayed, number>>();
    if (parked) await handler.discard(parked);
    // @ts-expect-error the version to discard up to is missing
    await handler.discard({ aggregateId: "u1" });
    const { parked: count } = await handler.status();
    expectType<Equal<typeof count, { aggregates: number; events: number }>>();
    // @ts-expect-error not one of the three
    createDomainHandler("model", ["users"], { onFailure: "ignore" });
  }
});
