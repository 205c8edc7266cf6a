import { StoreError } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Records } from "./records.ts";
import { Reservations } from "./reservations.ts";

const owner = { stream: "users", aggregateId: "ada" };

test("a key whose owner is not visible is a conflict, which another run may not have", async () => {
  const { records } = createProvider();
  const outrun: Records = {
    get: () => Promise.resolve(undefined),
    list: (...args) => records.list(...args),
    due: (...args) => records.due(...args),
    put: () => Promise.resolve(false),
    remove: (...args) => records.remove(...args),
  };
  await assert.rejects(
    new Reservations(outrun, owner, undefined).reserve("email"),
    (error) =>
      error instanceof StoreError && error.code === "TRANSACTION_CONFLICT" &&
      error.field === "reserve",
  );
});

test("a key that is its own already is kept, and nothing has to be put back", async () => {
  const { records } = createProvider();
  const reservations = new Reservations(records, owner, undefined);
  const undo = await reservations.reserve("email");
  assert.equal(await reservations.reserve("email"), undefined);
  await undo!();
  assert.equal(await reservations.release("email"), undefined);
});
