import assert from "node:assert/strict";
import { test } from "node:test";
import { EventFailure } from "./event_failure.ts";
import { failurePolicyOf } from "./failure_policy.ts";
import { tryAgain } from "./handler_retry.ts";

function setUp(times: number) {
  const pauses: number[] = [];
  const reports: unknown[] = [];
  const event: any = { stream: "a", aggregateId: "x", version: 1 };
  const fail = (text: string) => new EventFailure(new Error(text), event);
  const run = <T>(attempt: () => Promise<T>, enough = () => false) =>
    tryAgain(fail("first"), attempt, {
      policy: failurePolicyOf({
        onFailure: "park",
        retry: { times, maxMs: 300 },
      }),
      pause: async (ms) => void pauses.push(ms),
      enough,
      report: async (error) => void reports.push(error),
    });
  return { pauses, reports, fail, run };
}

test("what fails is tried again, with pauses that double", async () => {
  const { pauses, reports, fail, run } = setUp(4);
  const last = fail("last");
  const { failure } = await run(() => Promise.reject(last)) as any;
  assert.equal(failure, last);
  assert.deepEqual(pauses, [100, 200, 300, 300]);
  assert.equal(reports.length, 4);
  assert.deepEqual(await run(async () => "done"), { result: "done" });
});

test("what fails beside the callback is passed on at once", async () => {
  const { pauses, run } = setUp(4);
  const problem = new Error("no connection");
  await assert.rejects(run(() => Promise.reject(problem)), problem);
  assert.deepEqual(pauses, [100]);
});

test("who has no time for more tries throws the failure", async () => {
  const { run } = setUp(4);
  let tries = 0;
  await assert.rejects(
    run(async () => tries++, () => true),
    (error) =>
      error instanceof EventFailure &&
      (error.reason as Error).message === "first",
  );
  assert.equal(tries, 0);
});
