import assert from "node:assert/strict";
import { test } from "node:test";
import { parkedError } from "./event_failure.ts";
import { type HandlerLog, HandlerLogger } from "./handler_log.ts";
import type { HandlerFailure } from "./handler_status.ts";

const at = new Date(0);
const event: any = {
  ...{ stream: "a", aggregateId: "x", version: 2, position: 2 },
  event: { type: "Done" },
};

function setUp() {
  const lines: HandlerLog[] = [];
  const logger = new HandlerLogger("model", (line) => lines.push(line));
  const fail = (
    attempts: number,
    message = "bad",
    outcome: "retry" | "parked" | "skipped" = "retry",
    own: Partial<HandlerFailure> = { event },
  ) => {
    const error = new Error(message);
    const failure = { error, at, since: at, attempts, ...own };
    logger.changed({ type: "failed", outcome, failure });
  };
  const become = (state: any, process?: string) =>
    logger.changed({
      ...{ type: "state", state },
      ...process !== undefined &&
        { owner: { member: "m", process, self: false } },
    });
  /** What was logged since the last look. */
  const logged = () =>
    lines.splice(0).map(({ level, event, message }) =>
      `${level} ${event}: ${message.replace('Handler "model" ', "")}`
    );
  return { logger, lines, fail, become, logged };
}

test("what it does is logged once, and again when it does it anew", () => {
  const { become, logged } = setUp();
  become("standby");
  become("working");
  become("idle");
  become("working");
  assert.deepEqual(logged(), ["info active: is at work"]);
  become("standby", "host:1");
  become("standby", "host:2");
  assert.deepEqual(logged(), ["info standby: stands by: host:1 is at work"]);
  become("working");
  assert.deepEqual(logged(), ["info active: is at work"]);
  become("retired");
  assert.deepEqual(logged(), [
    "info retired: works no more: a later version, or one with shards, has taken over",
  ]);
  become("working");
  assert.deepEqual(logged(), ["info active: is at work"]);
});

test("who works is told, as far as it is known", () => {
  const { become, lines } = setUp();
  become("standby", "");
  assert.deepEqual(lines, [{
    ...{ level: "info", event: "standby", handler: "model", owner: "" },
    message: 'Handler "model" stands by: another process is at work',
  }]);
});

test("a stop that nobody asked for is worth a warning", () => {
  const { become, logged, logger } = setUp();
  become("working");
  become("stopped");
  become("working");
  logger.stopping();
  become("stopped");
  assert.deepEqual(logged(), [
    "info active: is at work",
    "warn stopped: has stopped by itself",
    "info active: is at work",
    "info stopped: has stopped",
  ]);
});

test("the same failure is logged at the first, second, fourth, eighth time", () => {
  const { fail, logged } = setUp();
  for (let attempts = 1; attempts <= 9; attempts++) fail(attempts);
  const what = 'at version 2 of "x" in stream "a", and tries again';
  assert.deepEqual(logged(), [
    `warn failing: fails ${what}: bad`,
    `warn failing: fails ${what} (2 times in a row): bad`,
    `warn failing: fails ${what} (4 times in a row): bad`,
    `warn failing: fails ${what} (8 times in a row): bad`,
  ]);
  fail(10, "worse");
  fail(11, "worse");
  assert.deepEqual(logged(), [
    `warn failing: fails ${what} (10 times in a row): worse`,
  ]);
});

test("a line has what a log is searched by", () => {
  const { fail, lines } = setUp();
  fail(3);
  const { error, ...rest } = lines[0]!;
  assert.deepEqual(rest, {
    ...{ level: "warn", event: "failing", handler: "model", attempts: 3 },
    ...{ stream: "a", aggregateId: "x", version: 2, type: "Done" },
    message:
      'Handler "model" fails at version 2 of "x" in stream "a", and tries again (3 times in a row): bad',
  });
  assert.equal(error?.message, "bad");
});

test("an end of failures is logged, where there was one", () => {
  const { logger, fail, become, logged } = setUp();
  logger.changed({ type: "recovered" });
  assert.deepEqual(logged(), []);
  fail(1);
  logger.changed({ type: "recovered" });
  logger.changed({ type: "recovered" });
  assert.deepEqual(logged().slice(1), ["info recovered: goes on again"]);
  // What another process does now is not its recovery.
  fail(1);
  become("standby", "host:1");
  logged();
  logger.changed({ type: "recovered" });
  assert.deepEqual(logged(), []);
});

test("an event that is given up is an error, by what the callback threw", () => {
  const { fail, lines, logged } = setUp();
  const cause = new RangeError("no stock");
  const parked = parkedError(event, "model");
  fail(1, "", "parked", { event, error: Object.assign(parked, { cause }) });
  assert.equal(lines[0]?.error?.name, "RangeError");
  fail(1, "bad", "skipped");
  fail(1, "", "skipped", { event, error: null });
  assert.deepEqual(logged(), [
    'error parked: has parked an event at version 2 of "x" in stream "a": no stock',
    'error skipped: has skipped an event at version 2 of "x" in stream "a": bad',
    'error skipped: has skipped an event at version 2 of "x" in stream "a": null',
  ]);
});
