import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import { AppendAnnouncer } from "./postgres_announcer.ts";
import { AppendWatcher, type Notifications } from "./postgres_watch.ts";

/** A log that is final up to `safe`, and a watcher of it. */
function watcherOf(test: TestContext, options: { isListening?: boolean } = {}) {
  const log = { safe: 5, isBlocked: false, failure: "", looks: 0 };
  const failures: unknown[] = [];
  let announced = 0;
  let changed: (() => void) | undefined;
  const { isListening } = options;
  const notifications: Notifications | undefined = isListening === undefined
    ? undefined
    : {
      announce: () => void announced++,
      listen(callback) {
        changed = callback;
        return { isListening, end: () => void (changed = undefined) };
      },
    };
  const watcher = new AppendWatcher(
    async () => {
      log.looks++;
      if (log.failure) throw new Error(log.failure);
      return { safe: log.safe, isBlocked: log.isBlocked };
    },
    (error) => void failures.push(error),
    notifications,
  );
  let wakes = 0;
  const end = watcher.watch(() => wakes++);
  test.after(end);
  return {
    log,
    watcher,
    failures,
    end,
    wakes: () => wakes,
    announced: () => announced,
    changed: () => changed,
  };
}

test("watch() is woken by the first look, and then only by what is new", async (t) => {
  const { log, wakes } = watcherOf(t);
  await until(() => wakes() === 1);
  await setTimeout(150);
  assert.equal(wakes(), 1);
  assert.ok(log.looks >= 2, `Expected looks to go on: ${log.looks}`);
  log.safe = 6;
  await until(() => wakes() === 2);
  // TRUNCATE … RESTART IDENTITY, and a first event.
  log.safe = 1;
  await until(() => wakes() === 3);
});

test("watch() is woken at once by an own append, and not again by a look", async (t) => {
  const { log, watcher, wakes } = watcherOf(t);
  await until(() => wakes() === 1);
  log.safe = 6;
  watcher.appended(6);
  assert.equal(wakes(), 2);
  await setTimeout(150);
  assert.equal(wakes(), 2);
});

test("watch() is woken when an own append that was held back can be read", async (t) => {
  const { log, watcher, wakes } = watcherOf(t);
  await until(() => wakes() === 1);
  // Somebody who drew 6 has not committed yet.
  log.isBlocked = true;
  watcher.appended(7);
  assert.equal(wakes(), 2);
  watcher.heldBack(5);
  await setTimeout(30);
  assert.equal(wakes(), 2);
  Object.assign(log, { safe: 7, isBlocked: false });
  const looks = log.looks;
  await until(() => wakes() === 3);
  assert.ok(log.looks - looks <= 2);
});

test("looks end with the last listener", async (t) => {
  const { log, watcher, wakes, end } = watcherOf(t);
  const endOther = watcher.watch(() => {});
  await until(() => wakes() === 1);
  end();
  end();
  await until(() => log.looks > 2);
  endOther();
  await setTimeout(20);
  const { looks } = log;
  watcher.follow(9);
  watcher.heldBack(5);
  await setTimeout(150);
  assert.equal(log.looks, looks);
});

test("looks go on after failures, each told of once", async (t) => {
  const { log, wakes, failures } = watcherOf(t);
  await until(() => wakes() === 1);
  log.failure = "no server";
  const { looks } = log;
  await until(() => log.looks > looks + 2);
  assert.deepEqual(failures.map(String), ["Error: no server"]);
  Object.assign(log, { failure: "", safe: 6 });
  await until(() => wakes() === 2);
});

test("a notification makes it look at once, and looks are rare meanwhile", async (t) => {
  const { log, wakes, changed, announced, watcher } = watcherOf(t, {
    isListening: true,
  });
  await until(() => wakes() === 1);
  const { looks } = log;
  await setTimeout(200);
  assert.equal(log.looks, looks);
  log.safe = 6;
  const start = performance.now();
  changed()!();
  await until(() => wakes() === 2);
  assert.ok(performance.now() - start < 500);
  watcher.appended(7);
  assert.equal(announced(), 1);
});

test("without a notification it looks as if there were none", async (t) => {
  const { log, wakes } = watcherOf(t, { isListening: false });
  await until(() => wakes() === 1);
  const { looks } = log;
  await setTimeout(300);
  assert.ok(log.looks > looks + 1);
});

test("what a transaction appended is announced when it can be read", async (t) => {
  const { log, watcher, end, announced, wakes } = watcherOf(t, {
    isListening: true,
  });
  await until(() => wakes() === 1);
  // A process that only writes.
  end();
  log.isBlocked = true;
  watcher.follow(6);
  await setTimeout(50);
  assert.equal(announced(), 0);
  Object.assign(log, { safe: 6, isBlocked: false });
  await until(() => announced() > 0);
  const { looks } = log;
  await setTimeout(150);
  assert.equal(log.looks, looks);
});

test("appends that come together are announced together, the last one too", async () => {
  const sent: number[] = [];
  let appends = 0;
  const announcer = new AppendAnnouncer(
    async () => void sent.push(appends),
    () => {},
  );
  const start = performance.now();
  while (appends < 200) {
    appends++;
    announcer.announce();
    if (appends % 10 === 0) await setTimeout(2);
  }
  await until(() => sent.at(-1) === 200);
  const most = 2 + (performance.now() - start) / 10;
  assert.equal(sent[0], 1);
  assert.ok(sent.length <= most, `Expected at most ${most}: ${sent.length}`);
});

test("a failure to announce is told of once until it is over", async () => {
  const failures: unknown[] = [];
  let isBroken = true;
  let calls = 0;
  const announcer = new AppendAnnouncer(async () => {
    calls++;
    if (isBroken) throw new Error("read only");
  }, (error) => void failures.push(error));
  const announce = async () => {
    const before = calls;
    announcer.announce();
    await until(() => calls > before);
  };
  await announce();
  await announce();
  assert.equal(failures.length, 1);
  isBroken = false;
  await announce();
  isBroken = true;
  await announce();
  assert.equal(failures.length, 2);
});

async function until(isSo: () => boolean): Promise<void> {
  const start = performance.now();
  while (!isSo()) {
    assert.ok(performance.now() - start < 5000, "It did not come in 5 s");
    await setTimeout(2);
  }
}
