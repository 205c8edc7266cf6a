/** A version that rebuilds or is retired, and what another process does meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { beside } from "../parking/beside.ts";
import { setUp } from "./set_up.ts";

test("another process of the same version takes over as this one looks", async () => {
  const { append, create, within, of, shared } = setUp();
  await append("xy");
  await create(1).runOnce();
  const { provider, before } = beside(shared);
  const late = create(2, { provider });
  // The record is read at the start, and again behind the places of the others.
  before("get", async () => void await create(2).runOnce(), 2);
  assert.equal(await within(late.runOnce()), 2);
  await append("x");
  await within(late.runOnce());
  assert.deepEqual([...new Set(of(2, true))], ["x1", "y1"]);
  assert.deepEqual(of(2, false), ["x2"]);
});

test("a retired version knows who is live, and what that one has parked", async () => {
  const { append, create, within } = setUp();
  await append("xy");
  const first = create(1);
  await first.runOnce();
  assert.equal((await first.status()).version, undefined);
  const second = create(2, {
    onFailure: "park",
    retry: { times: 0 },
    onEvent: (event) => {
      if (event === "x2") throw new Error("bad");
    },
  });
  await within(second.runOnce());
  await append("xy");
  await second.runOnce();
  assert.deepEqual((await first.status()).version, { number: 1, live: 2 });
  await assert.rejects(within(first.handled("a", "x", 2)), {
    code: "EVENT_PARKED",
  });
  await within(first.handled("a", "y", 2));
});
