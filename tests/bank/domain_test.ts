import { CommandError, type Provider } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bank, createBank } from "../../examples/bank/bank.ts";
import {
  createTransferProcess,
  shareOf,
} from "../../examples/bank/transfer_process.ts";

test("a deposit adds to the balance and a withdrawal takes from it", async () => {
  const { accounts } = await bankWith({ ada: 500 });
  const ada = await accounts.withdraw("ada", { cents: 120 });
  assert.equal(ada.cents, 380);
  assert.equal(ada.refusal, "");
});

test("an overdraft is refused and changes nothing", async () => {
  const { accounts } = await bankWith({ ada: 500 });
  const ada = await accounts.withdraw("ada", { cents: 501 });
  assert.equal(ada.cents, 500);
  assert.equal(ada.refusal, "OVERDRAFT");
});

test("a refused command stays refused when it comes again", async () => {
  const { accounts, domain } = await bankWith({ ada: 500 });
  const options = { commandId: "c-1" };
  await accounts.withdraw("ada", { cents: 600 }, options);
  const before = await accounts.deposit("ada", { cents: 1000 });
  await accounts.withdraw("ada", { cents: 600 }, options);
  assert.deepEqual(await domain.account.getAggregate("ada"), before);
});

test("an account that was not opened has no money to move", async () => {
  const { accounts } = await bankWith({});
  for (const command of ["deposit", "withdraw"] as const) {
    const nobody = await accounts[command]("nobody", { cents: 1 });
    assert.equal(nobody.refusal, "NO_SUCH_ACCOUNT", command);
    assert.equal(nobody.cents, 0, command);
  }
});

test("a refusal does not open an account, nor keep it from being opened", async () => {
  const { accounts } = await bankWith({});
  await accounts.deposit("ada", { cents: 1 });
  const ada = await accounts.open("ada", {});
  assert.equal(ada.isOpen, true);
  assert.equal(ada.refusal, "");
});

test("an account is opened once", async () => {
  const { accounts } = await bankWith({ ada: 500 });
  const ada = await accounts.open("ada", {});
  assert.equal(ada.refusal, "ALREADY_OPEN");
  assert.equal(ada.cents, 500);
});

test("what is no amount of whole cents is not stored", async () => {
  const { accounts, transfers, domain } = await bankWith({ ada: 500, bob: 0 });
  for (const cents of [0, -1, 0.5, NaN, Infinity, 1_000_000_001]) {
    const body = { from: "ada", to: "bob", cents };
    const commands = [
      () => accounts.deposit("ada", { cents }),
      () => accounts.withdraw("ada", { cents }),
      () => transfers.request("t1", body),
    ];
    for (const command of commands) {
      await assert.rejects(
        command,
        (error) =>
          error instanceof CommandError && error.code === "INVALID_AMOUNT",
      );
    }
  }
  assert.equal((await domain.account.getAggregate("ada")).version, 2);
  assert.equal((await domain.transfer.getAggregate("t1")).version, 0);
});

test("a transfer moves money from one account to the other", async () => {
  const bank = await bankWith({ ada: 500, bob: 10 });
  await bank.transfers.request("t1", { from: "ada", to: "bob", cents: 200 });
  await createTransferProcess(bank).runOnce();
  assert.deepEqual(await statusOf(bank, "t1"), ["completed", ""]);
  assert.deepEqual(await centsOf(bank, "ada", "bob"), [300, 210]);
});

test("a transfer of more than the account holds fails", async () => {
  const bank = await bankWith({ ada: 500, bob: 10 });
  await bank.transfers.request("t1", { from: "ada", to: "bob", cents: 501 });
  await createTransferProcess(bank).runOnce();
  assert.deepEqual(await statusOf(bank, "t1"), ["failed", "OVERDRAFT"]);
  assert.deepEqual(await centsOf(bank, "ada", "bob"), [500, 10]);
});

test("a transfer to an account that does not exist gives the money back", async () => {
  const bank = await bankWith({ ada: 500 });
  await bank.transfers.request("t1", { from: "ada", to: "nobody", cents: 200 });
  await createTransferProcess(bank).runOnce();
  assert.deepEqual(await statusOf(bank, "t1"), ["failed", "NO_SUCH_ACCOUNT"]);
  assert.deepEqual(await centsOf(bank, "ada", "nobody"), [500, 0]);
  // Opened, deposited, reserved, given back.
  assert.equal((await bank.domain.account.getAggregate("ada")).version, 4);
});

test("a transfer from an account that does not exist fails", async () => {
  const bank = await bankWith({ ada: 500 });
  await bank.transfers.request("t1", { from: "nobody", to: "ada", cents: 1 });
  await createTransferProcess(bank).runOnce();
  assert.deepEqual(await statusOf(bank, "t1"), ["failed", "NO_SUCH_ACCOUNT"]);
  assert.deepEqual(await centsOf(bank, "ada", "nobody"), [500, 0]);
});

test("a transfer to oneself is refused at once", async () => {
  const bank = await bankWith({ ada: 500 });
  const body = { from: "ada", to: "ada", cents: 1 };
  const refused = await bank.transfers.request("t1", body);
  assert.equal(refused.status, "failed");
  assert.equal(refused.refusal, "SAME_ACCOUNT");
  await createTransferProcess(bank).runOnce();
  assert.equal((await bank.domain.account.getAggregate("ada")).version, 2);
});

test("a transfer is requested once, whatever is asked the second time", async () => {
  const bank = await bankWith({ ada: 500, bob: 0 });
  await bank.transfers.request("t1", { from: "ada", to: "bob", cents: 1 });
  await assert.rejects(
    () => bank.transfers.request("t1", { from: "ada", to: "bob", cents: 1 }),
    (error) =>
      error instanceof CommandError && error.code === "ALREADY_REQUESTED",
  );
});

test("events that the process sees again move no money again", async () => {
  const provider = createProvider();
  const bank = await bankWith({ ada: 500, bob: 0 }, provider);
  await bank.transfers.request("t1", { from: "ada", to: "bob", cents: 200 });
  await bank.transfers.request("t2", { from: "bob", to: "nobody", cents: 50 });
  const process = createTransferProcess(bank);
  await process.runOnce();
  const { position } = (await provider.getLastEventFor(["accounts"]))!;
  await provider.setPosition(process.name, 0);
  const seen = await createTransferProcess(bank).runOnce();
  assert.ok(seen > 0);
  assert.equal(
    (await provider.getLastEventFor(["accounts"]))!.position,
    position,
  );
});

test("a process that dies at any step is finished by the next one", async () => {
  let appends = 0;
  for (;; appends++) {
    const inner = createProvider();
    const bank = await bankWith({ ada: 500, bob: 0 }, inner);
    const requests = [
      { from: "ada", to: "bob", cents: 200 },
      { from: "ada", to: "nobody", cents: 100 },
      { from: "bob", to: "ada", cents: 1000 },
    ];
    for (const [index, request] of requests.entries()) {
      await bank.transfers.request(`t${index}`, request);
    }
    const isDone = await runUntilAppend(inner, appends);
    await createTransferProcess(createBank(inner)).runOnce();

    const after = createBank(inner);
    const context = `after ${appends} appends`;
    assert.deepEqual(await centsOf(after, "ada", "bob"), [300, 200], context);
    assert.deepEqual(await statusOf(after, "t0"), ["completed", ""], context);
    assert.deepEqual(
      await statusOf(after, "t1"),
      ["failed", "NO_SUCH_ACCOUNT"],
      context,
    );
    assert.deepEqual(
      await statusOf(after, "t2"),
      ["failed", "OVERDRAFT"],
      context,
    );
    if (isDone) break;
  }
  // Three steps, four and two, each of them noted before: it died at every one.
  assert.equal(appends, 18);
});

test("each transfer belongs to one share", async () => {
  const bank = await bankWith({ ada: 500, bob: 0 });
  for (let index = 0; index < 20; index++) {
    const body = { from: "ada", to: "bob", cents: 1 };
    await bank.transfers.request(`t${index}`, body);
  }
  for (let index = 0; index < 3; index++) {
    await createTransferProcess(bank, { index, of: 3 }).runOnce();
    for (let transfer = 0; transfer < 20; transfer++) {
      const id = `t${transfer}`;
      const [status] = await statusOf(bank, id);
      const isDue = shareOf(id, 3) <= index;
      assert.equal(status, isDue ? "completed" : "pending", id);
    }
  }
});

async function bankWith(
  balances: Record<string, number>,
  provider: Provider<any> = createProvider(),
): Promise<Bank> {
  const bank = createBank(provider);
  for (const [account, cents] of Object.entries(balances)) {
    await bank.accounts.open(account, {});
    if (cents > 0) await bank.accounts.deposit(account, { cents });
  }
  return bank;
}

/** Lets a process run until it would append one event too many. */
async function runUntilAppend(
  inner: Provider<any>,
  limit: number,
): Promise<boolean> {
  let appends = 0;
  const mortal: Provider<any> = {
    ...inner,
    append(...parameters) {
      if (++appends > limit) return Promise.reject(new Error("died"));
      return inner.append(...parameters);
    },
    // Who is killed does not store its place either.
    setPosition: (...parameters) =>
      appends > limit
        ? Promise.resolve(true)
        : inner.setPosition(...parameters),
  };
  try {
    await createTransferProcess(createBank(mortal)).runOnce();
    return true;
  } catch (error) {
    assert.match(String(error), /died/);
    return false;
  }
}

function centsOf(bank: Bank, ...accounts: string[]): Promise<number[]> {
  return Promise.all(accounts.map(async (account) => {
    const { cents } = await bank.domain.account.getAggregate(account);
    return cents;
  }));
}

async function statusOf(bank: Bank, transfer: string): Promise<string[]> {
  const { status, refusal } = await bank.domain.transfer.getAggregate(transfer);
  return [status, refusal];
}
