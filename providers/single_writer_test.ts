import assert from "node:assert/strict";
import { test } from "node:test";
import { SingleWriter } from "./single_writer.ts";

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test("SingleWriter runs writes one after the other, in their order", async () => {
  const writer = new SingleWriter();
  const log: string[] = [];
  await Promise.all(
    ["a", "b", "c"].map((name) =>
      writer.write(name, async () => {
        log.push(`${name} begins`);
        await sleep(1);
        log.push(`${name} ends`);
      })
    ),
  );
  assert.deepEqual(log, [
    "a begins",
    "a ends",
    "b begins",
    "b ends",
    "c begins",
    "c ends",
  ]);
});

test("SingleWriter goes on after a write that fails", async () => {
  const writer = new SingleWriter();
  const problem = new Error("the write's own");
  const failing = writer.write("first", () => {
    throw problem;
  });
  const next = writer.write("second", () => "done");
  await assert.rejects(failing, problem);
  assert.equal(await next, "done");
});

test("SingleWriter refuses a write inside its own transaction at once", async () => {
  const writer = new SingleWriter();
  await writer.transact("transact", async () => {
    await assert.rejects(writer.write("append", () => {}), {
      name: "StoreError",
      code: "TRANSACTION_JOINED",
      message:
        'Cannot run append beside the transaction that this code runs in: give it the transaction as "tx"',
    });
    await assert.rejects(writer.transact("transact", async () => {}), {
      code: "TRANSACTION_JOINED",
    });
    assert.throws(() => writer.checkOutside("append"), {
      code: "TRANSACTION_JOINED",
    });
  });
});

test("SingleWriter lets other code wait for a transaction", async () => {
  const writer = new SingleWriter();
  const log: string[] = [];
  const transaction = writer.transact("transact", async () => {
    await sleep(5);
    log.push("transaction");
  });
  await writer.write("append", () => log.push("append"));
  await transaction;
  assert.deepEqual(log, ["transaction", "append"]);
});

test("SingleWriter accepts work that a transaction has left behind", async () => {
  const writer = new SingleWriter();
  let late: Promise<string> | undefined;
  await writer.transact("transact", () => {
    late = sleep(5).then(() => writer.write("append", () => "stored"));
    return Promise.resolve();
  });
  assert.equal(await late, "stored");
});

test("SingleWriter knows the transactions of another one apart", async () => {
  const [one, other] = [new SingleWriter(), new SingleWriter()];
  const result = await one.transact(
    "transact",
    () => other.write("append", () => "stored"),
  );
  assert.equal(result, "stored");
});

test("SingleWriter gives up after its time, and never runs what it gave up", async () => {
  const writer = new SingleWriter(10);
  let end = () => {};
  let isRun = false;
  const first = writer.transact(
    "transact",
    () => new Promise<void>((resolve) => end = resolve),
  );
  await assert.rejects(
    writer.write("append", () => {
      isRun = true;
    }),
    {
      name: "StoreError",
      code: "STORE_BUSY",
      message:
        'Cannot run append: transact has kept the only writer for 10 ms; if it waits for this call, give this call its "tx"',
    },
  );
  end();
  await first;
  assert.equal(await writer.write("append", () => "stored"), "stored");
  assert.equal(isRun, false);
});
