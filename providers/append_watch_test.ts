import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import {
  appendTo,
  openProvider,
  sleep,
  temporaryPath,
  until,
} from "../tests/sqlite_database.ts";
import { AppendWatcher } from "./append_watch.ts";

test("watch() is woken by the process's own append at once", async (t) => {
  const provider = await openProvider(t, { path: temporaryPath(t) });
  let wakes = 0;
  t.after(provider.watch(() => wakes++));
  await appendTo(provider, "ada", 1);
  // The poller may have been there already.
  assert.ok(wakes >= 1);
});

test("watch() is woken by the appends of others", async (t) => {
  const path = temporaryPath(t);
  const provider = await openProvider(t, { path });
  const other = await openProvider(t, { path });
  let wakes = 0;
  const end = provider.watch(() => wakes++);
  await until(() => wakes === 1);
  const before = wakes;
  await appendTo(other, "ada", 1);
  await until(() => wakes > before);
  assert.equal(wakes, before + 1);
  // A bookmark is no event.
  await other.setPosition("balances", 1);
  await sleep(60);
  assert.equal(wakes, before + 1);
  end();
  await appendTo(other, "ada", 2);
  await sleep(60);
  assert.equal(wakes, before + 1);
});

test("watch() keeps on after failures, and tells of each once", async (t) => {
  const failures: string[] = [];
  let head: number | Error = 1;
  const watcher = new AppendWatcher(
    () => head instanceof Error ? Promise.reject(head) : Promise.resolve(head),
    (error) => {
      failures.push(error.message);
      throw new Error("the callback's own");
    },
  );
  const warnings: string[] = [];
  const { emitWarning } = process;
  process.emitWarning =
    ((text: string) => warnings.push(text)) as typeof emitWarning;
  t.after(() => void (process.emitWarning = emitWarning));
  let wakes = 0;
  t.after(watcher.watch(() => wakes++));
  head = new Error("no disk");
  await until(() => failures.length > 0);
  await sleep(60);
  assert.deepEqual(failures, ["no disk"]);
  assert.match(
    warnings.join(),
    /^Unhandled failure: Error: the callback's own/,
  );
  head = 2;
  await until(() => wakes > 0);
  assert.equal(wakes, 1);
  // It was over, so it is told again.
  head = new Error("no disk");
  await until(() => failures.length > 1);
  assert.deepEqual(failures, ["no disk", "no disk"]);
});

test("a failure is told to nobody when nobody listens any more", async () => {
  const failures: unknown[] = [];
  let fail = (_error: unknown) => {};
  const watcher = new AppendWatcher(
    () => new Promise((_resolve, reject) => fail = reject),
    (error) => failures.push(error),
    1,
  );
  const end = watcher.watch(() => {});
  await sleep(20);
  end();
  fail(new Error("closed for that"));
  await sleep(0);
  assert.deepEqual(failures, []);
});

test("watch() tells of a listener that throws, and calls the others", () => {
  const failures: unknown[] = [];
  const watcher = new AppendWatcher(
    () => Promise.resolve(undefined),
    (error) => failures.push(error),
  );
  const problem = new Error("the listener's own");
  let wakes = 0;
  const ends = [
    watcher.watch(() => {
      throw problem;
    }),
    watcher.watch(() => wakes++),
  ];
  watcher.appended();
  assert.deepEqual([failures, wakes], [[problem], 1]);
  for (const end of ends) end();
});

/** A watcher of a position that the test moves, which is read often. */
function watching(answer: () => Promise<number | undefined>) {
  let reads = 0;
  const watcher = new AppendWatcher(
    () => {
      reads++;
      return answer();
    },
    () => {},
    2,
  );
  const readsWithin = async (ms: number) => {
    const before = reads;
    await sleep(ms);
    return reads - before;
  };
  return { watcher, readsWithin };
}

test("the position is read as long as anybody listens, and not a moment longer", async () => {
  const { watcher, readsWithin } = watching(() => Promise.resolve(1));
  assert.equal(await readsWithin(20), 0);
  const ends = [watcher.watch(() => {}), watcher.watch(() => {})];
  assert((await readsWithin(100)) > 0);
  ends[0]!();
  ends[0]!();
  assert((await readsWithin(100)) > 0, "one is left");
  ends[1]!();
  await sleep(5);
  assert.equal(await readsWithin(30), 0);
  let wakes = 0;
  watcher.watch(() => wakes++);
  await until(() => wakes === 1);
  watcher.close();
  await sleep(5);
  assert.equal(await readsWithin(30), 0);
  watcher.appended(5);
  assert.equal(wakes, 1, "nobody listens any more");
});

test("one question at a time, however long the answer takes", async () => {
  let asked = 0;
  const { watcher, readsWithin } = watching(() => {
    asked++;
    return new Promise(() => {});
  });
  watcher.watch(() => {});
  await until(() => asked === 1);
  assert.equal(await readsWithin(50), 0);
  watcher.close();
});

test("what this process has appended wakes once, and not again by the poll", async () => {
  let head = 1;
  const { watcher, readsWithin } = watching(() => Promise.resolve(head));
  let wakes = 0;
  watcher.watch(() => wakes++);
  await until(() => wakes === 1);
  head = 3;
  watcher.appended(3);
  assert.equal(wakes, 2);
  // A slower append of an older position.
  watcher.appended(2);
  assert.equal(wakes, 3);
  assert((await readsWithin(50)) > 0);
  assert.equal(wakes, 3);
  head = 4;
  await until(() => wakes === 4);
  // A transaction does not say up to where.
  watcher.appended();
  assert.equal(wakes, 5);
  assert((await readsWithin(50)) > 0);
  assert.equal(wakes, 5);
  watcher.close();
});

test("where no other process can append, nobody is woken by the poll", async () => {
  const { watcher, readsWithin } = watching(() => Promise.resolve(undefined));
  let wakes = 0;
  watcher.watch(() => wakes++);
  assert((await readsWithin(50)) > 0);
  assert.equal(wakes, 0);
  watcher.close();
});

test("nobody is woken by the poll of a database in memory, and a failure names it", async (t) => {
  const client = new DatabaseSync(":memory:");
  const inMemory = await openProvider(t, { client });
  const failures: string[] = [];
  const onFile = await openProvider(t, {
    path: temporaryPath(t),
    onError: (error) => failures.push(error.message),
  });
  let wakes = 0;
  t.after(inMemory.watch(() => wakes++));
  t.after(onFile.watch(() => {}));
  await onFile.transact(async (tx) => tx.exec("DROP TABLE events"));
  await until(() => failures.length > 0);
  assert.match(failures[0]!, /^Cannot run watch on .* no such table: events/);
  await sleep(60);
  assert.equal(wakes, 0);
});
