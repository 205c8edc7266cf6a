import {
  createDomain,
  createHandler,
  type EventMeta,
  type HandlerRebuild,
  type HandlerStatus,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { test } from "node:test";
import { type Equal, expectType } from "./equal.ts";

type Body = { users: { type: "Named"; name: string } };
const base = { bookmark: "names", streams: ["users" as const] };

test("a version is a number, and meta.replay is true or absent", () => {
  const provider = createProvider();
  const names = createHandler<Body>({ ...base, provider, version: 2 });
  names.handle("users", "Named", (_id, _event, meta) => {
    expectType<Equal<typeof meta.replay, true | undefined>>();
  });
  expectType<Equal<EventMeta["replay"], true | undefined>>();
  expectType<Equal<HandlerStatus["rebuild"], HandlerRebuild | undefined>>();
});

test("createHandler() refuses a version that is not a number", () => {
  const { createHandler: ofDomain } = createDomain(
    { provider: createProvider() },
    {},
  );
  void (() =>
    createHandler<Body>({
      ...base,
      provider: createProvider(),
      // @ts-expect-error version is not a text
      version: "2",
    }));
  void (() =>
    ofDomain("names", [], {
      // @ts-expect-error version is not a text
      version: "2",
    }));
});
