import assert from "node:assert/strict";
import { test } from "node:test";
import {
  all,
  get,
  run,
  type Statement,
  type Steps,
  takeInTurn,
  takeNow,
} from "./sqlite_steps.ts";

function* transfer(): Steps<string> {
  const rows = yield* all<number>("list", 1);
  const row = yield* get<string>("find", rows.length);
  if (row === undefined) return "nobody";
  return `${row} ${yield* run("change", row)}`;
}

/** Answers the statements above, and notes what was asked. */
function answering(asked: unknown[][], row: string | undefined) {
  return ({ wants, sql, values }: Statement): unknown => {
    asked.push([wants, sql, ...values]);
    return { all: [7, 8], get: row, run: 3 }[wants];
  };
}

test("steps are the same, taken at once or in turn", async () => {
  const now: unknown[][] = [];
  const inTurn: unknown[][] = [];
  assert.equal(takeNow(transfer(), answering(now, "Ada")), "Ada 3");
  const answer = answering(inTurn, "Ada");
  assert.equal(
    await takeInTurn(
      transfer(),
      (statement) => Promise.resolve(answer(statement)),
    ),
    "Ada 3",
  );
  assert.deepEqual(now, [["all", "list", 1], ["get", "find", 2], [
    "run",
    "change",
    "Ada",
  ]]);
  assert.deepEqual(inTurn, now);
});

test("no step is taken behind one that ended, or failed", async () => {
  const asked: unknown[][] = [];
  assert.equal(takeNow(transfer(), answering(asked, undefined)), "nobody");
  assert.equal(asked.length, 2);
  const failing = new Error("disk");
  let calls = 0;
  const fail = (): never => {
    calls++;
    throw failing;
  };
  assert.throws(() => takeNow(transfer(), fail), failing);
  await assert.rejects(
    takeInTurn(transfer(), () => Promise.reject(failing)),
    failing,
  );
  assert.equal(calls, 1);
});

test("in turn, a step waits for the answer to the one before it", async () => {
  const asked: string[] = [];
  const answers: ((value: unknown) => void)[] = [];
  const taken = takeInTurn(transfer(), ({ sql }) => {
    asked.push(sql);
    return new Promise((resolve) => answers.push(resolve));
  });
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(asked, ["list"]);
  answers[0]!([]);
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(asked, ["list", "find"]);
  answers[1]!(undefined);
  assert.equal(await taken, "nobody");
});
