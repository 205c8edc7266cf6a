import { specProcess } from "evtstore/spec";
import { test } from "node:test";
import { createBank } from "../../examples/bank/bank.ts";
import { createTransferProcess } from "../../examples/bank/transfer_process.ts";

const bank = specProcess((provider) =>
  createTransferProcess(createBank(provider))
)
  .given("accounts", "ada", [
    { type: "AccountOpened" },
    { type: "Deposited", cents: 500 },
  ])
  .given("accounts", "bob", [{ type: "AccountOpened" }]);
const request = { type: "TransferRequested", from: "ada", to: "bob" };
const held = bank.given("transfers", "t1", [
  { ...request, cents: 200, hold: true },
]);
const reserved = {
  type: "TransferReserved",
  transferId: "t1",
  to: "bob",
  cents: 200,
};
const confirmed = { type: "TransferConfirmed" };

test("a transfer on hold waits for a word, with the money reserved", async () => {
  await held.thenEvents("accounts", "ada", [reserved]);
  await held.thenEvents("accounts", "bob", []);
  await held.thenTimers("t1", { unconfirmed: "24h" });
  await held.after("23h").thenEvents("transfers", "t1", []);
});

test("a confirmed transfer is completed, and waits for nothing", async () => {
  const done = held.after("23h").given("transfers", "t1", [confirmed]);
  await done.thenEvents("transfers", "t1", [{ type: "TransferCompleted" }]);
  await done.thenEvents("accounts", "bob", [
    { type: "TransferReceived", transferId: "t1", from: "ada", cents: 200 },
  ]);
  await done.thenEnds("t1");
  await done.after("30d").thenEvents("accounts", "ada", [reserved]);
  // A second word moves no money.
  const twice = done.given("transfers", "t1", [confirmed]);
  await twice.thenEvents("transfers", "t1", [{ type: "TransferCompleted" }]);
});

test("the word may come before the money is reserved", async () => {
  const early = bank.given("transfers", "t1", [
    { ...request, cents: 200, hold: true },
    confirmed,
  ]);
  await early.thenEvents("transfers", "t1", [{ type: "TransferCompleted" }]);
  await early.thenEnds("t1");
});

test("a transfer that is not confirmed in time is cancelled, and the money returned", async () => {
  const code = "NOT_CONFIRMED";
  const returned = {
    type: "TransferReturned",
    transferId: "t1",
    cents: 200,
    code,
  };
  const late = held.after("24h");
  await late.thenEvents("accounts", "ada", [reserved, returned]);
  await late.thenEvents("transfers", "t1", [{ type: "TransferFailed", code }]);
  await late.thenEnds("t1");
  const tooLate = late.given("transfers", "t1", [confirmed]).after("30d");
  await tooLate.thenEvents("accounts", "ada", [reserved, returned]);
  await tooLate.thenEvents("accounts", "bob", []);
});

test("a transfer on hold that cannot be paid does not wait", async () => {
  const poor = bank.given("transfers", "t1", [
    { ...request, cents: 501, hold: true },
  ]);
  await poor.thenEvents("transfers", "t1", [
    { type: "TransferFailed", code: "OVERDRAFT" },
  ]);
  await poor.thenTimers("t1", {});
});

test("other transfers do not wait", async () => {
  const plain = bank.given("transfers", "t1", [{ ...request, cents: 200 }]);
  await plain.thenSends([
    ["accounts.reserve", "ada", { transferId: "t1", to: "bob", cents: 200 }],
    ["accounts.receive", "bob", { transferId: "t1", from: "ada", cents: 200 }],
    ["transfers.complete", "t1", {}],
  ]);
});
