import {
  CommandError,
  createAggregate,
  createCommands,
  createDomain,
  type Provider,
  VersionError,
} from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";

type Changed = { type: "Deposited" | "Withdrawn"; cents: number };

const account = createAggregate({
  stream: "accounts",
  create: () => ({ cents: 0 }),
  fold: ({ type, cents }: Changed, account) => ({
    cents: account.cents + (type === "Deposited" ? cents : -cents),
  }),
});

/** One process with the cache, and another one without. */
function setUp() {
  const provider = createProvider();
  const calls: string[] = [];
  const beforeAppend: (() => Promise<unknown>)[] = [];
  const counted: Provider<any> = {
    ...provider,
    getEventsFor: (...args) => {
      calls.push("load");
      return provider.getEventsFor(...args);
    },
    append: async (...args) => {
      calls.push("append");
      await beforeAppend.shift()?.();
      return await provider.append(...args);
    },
  };
  const open = (provider: Provider<any>, useCache?: boolean | "optimistic") => {
    const options = { provider, ...useCache && { useCache } };
    const { domain } = createDomain(options, { account });
    let decided = 0;
    const commands = createCommands(domain.account, {
      deposit({ cents }: { cents: number }) {
        decided++;
        return { type: "Deposited", cents };
      },
      withdraw({ cents }: { cents: number }, account) {
        decided++;
        if (cents > account.cents) throw new CommandError("Too much");
        return { type: "Withdrawn", cents };
      },
      settle(_command: object, account) {
        decided++;
        if (account.cents === 0) return;
        return { type: "Withdrawn", cents: account.cents };
      },
    });
    return { commands, decided: () => decided };
  };
  return {
    provider,
    calls,
    beforeAppend,
    open: (useCache: boolean) => open(counted, useCache),
    here: open(counted, "optimistic"),
    there: open(provider),
  };
}

test("a command on what is kept asks the database once", async () => {
  const { calls, here } = setUp();
  await here.commands.deposit("ada", { cents: 500 });
  calls.length = 0;
  const { cents, version } = await here.commands.deposit("ada", { cents: 100 });
  assert.deepEqual({ cents, version }, { cents: 600, version: 2 });
  assert.deepEqual(calls, ["append"]);
});

test("who did not ask for that asks what is new before each decision", async () => {
  for (const useCache of [true, false]) {
    const { calls, open } = setUp();
    const { commands } = open(useCache);
    await commands.deposit("ada", { cents: 500 });
    calls.length = 0;
    await commands.deposit("ada", { cents: 100 });
    assert.deepEqual(calls, ["load", "append"], String(useCache));
  }
});

test("if another process was faster it is read and decided again", async () => {
  const { here, there } = setUp();
  await here.commands.deposit("ada", { cents: 500 });
  await there.commands.deposit("ada", { cents: 100 });
  const { cents, version } = await here.commands.deposit("ada", { cents: 1 });
  assert.deepEqual({ cents, version }, { cents: 601, version: 3 });
  assert.equal(here.decided(), 3);
});

test("what is refused on an old aggregate is decided on the new one", async () => {
  const { here, there, calls } = setUp();
  await here.commands.deposit("ada", { cents: 5 });
  await there.commands.deposit("ada", { cents: 500 });
  calls.length = 0;
  const { cents } = await here.commands.withdraw("ada", { cents: 100 });
  assert.equal(cents, 405);
  // What is new is read once.
  assert.deepEqual(calls, ["load", "append"]);
  await assert.rejects(
    here.commands.withdraw("ada", { cents: 1000 }),
    CommandError,
  );
  // Refused on the newest: not decided a second time.
  assert.equal(here.decided(), 4);
});

test("doing nothing on an old aggregate is decided on the new one", async () => {
  const { here, there, calls } = setUp();
  await here.commands.deposit("ada", { cents: 5 });
  await here.commands.settle("ada", {});
  await there.commands.deposit("ada", { cents: 500 });
  calls.length = 0;
  assert.equal((await here.commands.settle("ada", {})).cents, 0);
  // What is new is read once.
  assert.deepEqual(calls, ["load", "append"]);
  const before = here.decided();
  assert.equal((await here.commands.settle("ada", {})).version, 4);
  assert.equal(here.decided(), before + 1, "it was on the newest");
});

test("a race after that is a VersionError, as without it", async () => {
  const { here, there, beforeAppend } = setUp();
  await here.commands.deposit("ada", { cents: 5 });
  // The other one is faster each time.
  beforeAppend.push(
    () => there.commands.deposit("ada", { cents: 5 }),
    () => there.commands.deposit("ada", { cents: 5 }),
  );
  await assert.rejects(
    here.commands.deposit("ada", { cents: 1 }),
    VersionError,
  );
  assert.deepEqual(beforeAppend, []);
});

test("expectedVersion, commandId and tx are checked against the database", async () => {
  const { here, there, calls } = setUp();
  const { version } = await here.commands.deposit("ada", { cents: 5 });
  await there.commands.deposit("ada", { cents: 5 });
  await assert.rejects(
    here.commands.deposit("ada", { cents: 1 }, { expectedVersion: version }),
    VersionError,
  );
  calls.length = 0;
  await here.commands.deposit("ada", { cents: 1 }, { commandId: "1" });
  assert.deepEqual(calls, ["load", "append"]);
});

test("in a transaction nothing is appended that may be refused", async () => {
  const { here, there, calls, provider } = setUp();
  await here.commands.deposit("ada", { cents: 5 });
  await there.commands.deposit("ada", { cents: 5 });
  calls.length = 0;
  // Where a statement fails, a transaction may be of no use any more.
  const after = await provider.transact((tx) =>
    here.commands.deposit("ada", { cents: 1 }, { tx })
  );
  assert.equal(after.cents, 11);
  assert.deepEqual(calls, ["load", "append"]);
});

test("the version that a caller expects is looked for before it is decided", async () => {
  const { here, there, calls } = setUp();
  await here.commands.deposit("ada", { cents: 5 });
  await there.commands.deposit("ada", { cents: 5 });
  calls.length = 0;
  const options = { expectedVersion: 2 };
  const after = await here.commands.deposit("ada", { cents: 1 }, options);
  assert.equal(after.version, 3);
  assert.deepEqual(calls, ["load", "append"]);
});

test("an append that fails, on what is kept, is not tried a second time", async () => {
  const { here, calls, beforeAppend } = setUp();
  await here.commands.deposit("ada", { cents: 5 });
  calls.length = 0;
  const failure = new Error("no connection");
  beforeAppend.push(() => Promise.reject(failure));
  await assert.rejects(here.commands.deposit("ada", { cents: 1 }), failure);
  assert.deepEqual(calls, ["append"]);
  assert.equal(here.decided(), 2);
});
