import assert from "node:assert/strict";
import { test } from "node:test";
import { unlessRefused } from "./refusable.ts";

test("work gives what came of it, or nothing if it refused itself", async () => {
  assert.deepEqual(await unlessRefused(async () => 5), { value: 5 });
  const refusing = async (refuse: () => never) => refuse();
  assert.equal(await unlessRefused(refusing), undefined);
});

test("what fails otherwise fails, also by a refusal that is another's", async () => {
  const problem = new Error("no connection");
  await assert.rejects(
    unlessRefused(() => Promise.reject(problem)),
    problem,
  );
  let foreign = (): never => {
    throw problem;
  };
  await unlessRefused(async (refuse) => foreign = refuse);
  await assert.rejects(
    unlessRefused(async () => foreign()),
    /Nothing of this transaction is stored/,
  );
});
