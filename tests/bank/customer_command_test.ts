import assert from "node:assert/strict";
import { test } from "node:test";
import {
  MalformedLine,
  parseCommand,
} from "../../examples/bank/customer_command.ts";

test("each type of command is read as it stands", () => {
  const commands = [
    { id: "c-1", type: "open", account: "ada" },
    { id: "c-2", type: "deposit", account: "zoë", cents: 1 },
    { id: "c-3", type: "withdraw", account: "constructor", cents: 1 },
    { id: "c-4", type: "transfer", from: "a", to: "b", cents: 1_000_000_000 },
  ];
  for (const command of commands) {
    assert.deepEqual(parseCommand(JSON.stringify(command)), command);
  }
});

test("what is no command is refused with the reason", () => {
  const deposit = { id: "c-1", type: "deposit", account: "ada", cents: 5 };
  const cases: [unknown, RegExp][] = [
    ["{", /JSON/],
    ["null", /^not a JSON object$/],
    ["[]", /^not a JSON object$/],
    ['"deposit"', /^not a JSON object$/],
    [{}, /^no field "type"$/],
    [{ ...deposit, type: "steal" }, /^unknown type "steal": expected open, /],
    [{ ...deposit, type: "constructor" }, /^unknown type "constructor"/],
    [{ ...deposit, type: 7 }, /^unknown type 7/],
    [{ ...deposit, cents: undefined }, /^no field "cents"$/],
    [{ ...deposit, id: undefined }, /^no field "id"$/],
    [{ ...deposit, id: 7 }, /^"id" must be a text .* got 7$/],
    [{ ...deposit, id: "" }, /^"id" must be a text/],
    [{ ...deposit, id: "t1:reserve" }, /^"id" must be a text/],
    [{ ...deposit, account: null }, /^"account" must be .* got null$/],
    [{ ...deposit, account: "a b" }, /^"account" must be a text/],
    [{ ...deposit, account: "a".repeat(65) }, /^"account" must be a text/],
    [{ ...deposit, account: "\ud800" }, /^"account" must be a text/],
    [{ ...deposit, cents: "5" }, /^"cents" must be a whole .* got "5"$/],
    [{ ...deposit, cents: 0 }, /^"cents" must be a whole number .* got 0$/],
    [{ ...deposit, cents: -5 }, /^"cents" must be a whole number/],
    [{ ...deposit, cents: 0.5 }, /^"cents" must be a whole number/],
    [{ ...deposit, cents: 1e300 }, /^"cents" must be a whole number/],
    [{ ...deposit, cent: 5 }, /^unknown field "cent"$/],
    [{ ...deposit, type: "open" }, /^unknown field "cents"$/],
    [{ ...deposit, type: "transfer" }, /^no field "from"$/],
  ];
  for (const [line, reason] of cases) {
    const text = typeof line === "string" ? line : JSON.stringify(line);
    assert.throws(
      () => parseCommand(text),
      (error) => error instanceof MalformedLine && reason.test(error.message),
      `${text} should be refused with ${reason}`,
    );
  }
});

test("a reason cannot steer the terminal", () => {
  for (const text of ["\x1b[2J", '{"type":"\\u001b[2J"}']) {
    assert.throws(
      () => parseCommand(text),
      (error) =>
        error instanceof MalformedLine && !/\p{Cc}/u.test(error.message),
    );
  }
});
