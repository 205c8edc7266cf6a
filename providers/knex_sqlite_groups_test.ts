import { DuplicateCommandError, StoreError, VersionError } from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import { WriteGroups } from "./knex_sqlite_groups.ts";
import { SingleWriter } from "./single_writer.ts";

/** Commits into a list; a transaction that throws leaves nothing. */
function setUp() {
  const writer = new SingleWriter(100);
  const commits: string[][] = [];
  const groups = new WriteGroups<string[]>(writer, async (_what, work) => {
    const session: string[] = [];
    await new Promise((resolve) => setTimeout(resolve, 1));
    const result = await work(session);
    commits.push(session);
    return result;
  });
  const write = (name: string) =>
    groups.write("append", async (session) => {
      await Promise.resolve();
      session.push(name);
      return name;
    });
  return { writer, commits, groups, write };
}

const names = Array.from({ length: 30 }, (_, n) => `w${n}`);

test("writes that arrive together share a commit, in their order", async () => {
  const { commits, write } = setUp();
  assert.deepEqual(await Promise.all(names.map(write)), names);
  assert.deepEqual(commits.flat(), names);
  assert(commits.length < 5, `${commits.length} commits`);
});

test("what a write refuses is its own affair", async () => {
  const { commits, groups, write } = setUp();
  const conflict = new VersionError("somebody was faster");
  const repeated = new DuplicateCommandError({ stream: "s", aggregateId: "a" });
  const refuse = (error: Error) =>
    groups.write("append", () => {
      throw error;
    });
  const results = await Promise.allSettled([
    write("first"),
    write("a"),
    refuse(conflict),
    write("b"),
    refuse(repeated),
  ]);
  assert.deepEqual(
    results.map((one) => one.status === "fulfilled" ? one.value : one.reason),
    ["first", "a", conflict, "b", repeated],
  );
  assert.deepEqual(commits.flat(), ["first", "a", "b"]);
});

test("of a transaction that fails only the guilty write fails", async () => {
  const { commits, groups, write } = setUp();
  const broken = new Error("a constraint");
  const results = await Promise.allSettled([
    write("first"),
    write("a"),
    groups.write("append", (session) => {
      session.push("bad");
      throw broken;
    }),
    write("b"),
  ]);
  assert.deepEqual(results.map(({ status }) => status), [
    "fulfilled",
    "fulfilled",
    "rejected",
    "fulfilled",
  ]);
  assert.equal((results[2] as PromiseRejectedResult).reason, broken);
  assert.deepEqual(commits.flat(), ["first", "a", "b"]);
});

test("where the writer is kept each gets an error of its own", async () => {
  const { writer, commits, write } = setUp();
  let release = () => {};
  const kept = writer.write(
    "transact",
    () => new Promise<void>((resolve) => release = resolve),
  );
  const results = await Promise.allSettled(["a", "b", "c"].map(write));
  release();
  await kept;
  const errors = results.map((one) => (one as PromiseRejectedResult).reason);
  for (const error of errors) {
    assert(error instanceof StoreError);
    assert.equal(error.code, "STORE_BUSY");
  }
  assert.equal(new Set(errors).size, 3);
  assert.deepEqual(commits, []);
  assert.equal(await write("later"), "later");
});

test("a write inside the writer's own transaction is refused at once", async () => {
  const { writer, commits, write } = setUp();
  await writer.transact("transact", async () => {
    await assert.rejects(write("a"), { code: "TRANSACTION_JOINED" });
  });
  assert.deepEqual(commits, []);
});
