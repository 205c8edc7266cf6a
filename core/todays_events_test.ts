import { createUpcasters } from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import { foldVersion, todaysEvents, upcastEvent } from "./todays_events.ts";

const eventOf = (event: any, stream = "users"): any => ({
  ...{ stream, aggregateId: "ada", version: 2, position: 2 },
  timestamp: new Date(0),
  event,
});

const toTwo = createUpcasters<any, any>({
  One: () => ({ type: "Two" }),
  Two: () => [{ type: "One", again: true }, { type: "Three" }],
});

test("a step is applied once on the way of an event, whatever it makes", () => {
  assert.deepEqual(upcastEvent(toTwo, eventOf({ type: "One" })), [
    { type: "One", again: true },
    { type: "Three" },
  ]);
  assert.equal(upcastEvent(toTwo, eventOf({ type: "Three" })), undefined);
  const named = eventOf({ type: "toString" });
  assert.equal(upcastEvent(toTwo, named), undefined);
});

test("a failure says which upcaster, at which event, and why", () => {
  const problem = new Error("no name");
  const upcasters = createUpcasters<any, any>({
    Bad: () => {
      throw problem;
    },
    Late: (async () => ({ type: "Two" })) as any,
    None: (() => undefined) as any,
    Mixed: () => [{ type: "Two" }, { kind: "Two" }] as any,
  });
  const place = { stream: "users", aggregateId: "ada" };
  for (
    const [type, reason, cause] of [
      ["Bad", /it threw; see the cause/, problem],
      ["Late", /it returned a promise/, undefined],
      ["None", /it returned no event/, undefined],
      ["Mixed", /it returned no event/, undefined],
    ] as const
  ) {
    assert.throws(
      () => upcastEvent(upcasters, eventOf({ type })),
      (error: any) => {
        const { code, field, stream, aggregateId } = error;
        assert.deepEqual({ code, field, stream, aggregateId }, {
          ...{ code: "INVALID_EVENT", field: `upcast.${type}`, ...place },
        });
        assert.match(error.message, reason);
        assert.equal(error.cause, cause);
        return true;
      },
    );
  }
});

test("streams without upcasters and personal fields cost nothing", () => {
  const plain = { stream: "users" };
  assert.equal(todaysEvents([plain, { stream: "orders" }]), undefined);
  const some = todaysEvents([plain, { stream: "orders", upcast: toTwo }])!;
  assert.equal(some(eventOf({ type: "One" })), undefined);
  assert.equal(some(eventOf({ type: "One" }, "orders"))?.length, 2);
  assert.notEqual(todaysEvents([{ stream: "users", personal: {} }]), undefined);
  assert.throws(() => todaysEvents([plain, { ...plain, upcast: toTwo }]), {
    ...{ code: "INVALID_INPUT", field: "upcast", stream: "users" },
  });
});

test("what was folded by other upcasters, or is encrypted, has another version", () => {
  const one = () => ({ type: "A" });
  const two = () => ({ type: "B" });
  const version = (steps: any) =>
    foldVersion("1", { upcast: createUpcasters<any, any>(steps) });
  assert.equal(foldVersion("1", {}), "1");
  assert.match(version({ X: one }), /^1\+[0-9a-f]{16}$/);
  assert.equal(version({ X: one, Y: two }), version({ Y: two, X: one }));
  assert.notEqual(version({ X: one, Y: two }), version({ X: two, Y: one }));
  const upcast = createUpcasters<any, any>({ X: one });
  assert.equal(foldVersion("1", { personal: { fields: {} } }), "1+sealed");
  assert.equal(
    foldVersion("1", { personal: { fields: {} }, upcast }),
    `${version({ X: one })}+sealed`,
  );
});
