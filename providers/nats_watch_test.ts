import assert from "node:assert/strict";
import { test } from "node:test";
import type { NatsConnection } from "./nats_connection.ts";
import { AppendWatcher } from "./nats_watch.ts";

type Callback = (error?: unknown) => void;

/** A watcher of a connection that is rung by hand. */
function watcherOf({ refusal }: { refusal?: Error } = {}) {
  const bells: Callback[] = [];
  const errors: unknown[] = [];
  const seen = { unsubscribed: 0 };
  const connection = {
    subscribe(_subject: string, { callback }: { callback: Callback }) {
      if (refusal) throw refusal;
      bells.push(callback);
      return { unsubscribe: () => seen.unsubscribed++ };
    },
  } as unknown as NatsConnection;
  const watcher = new AppendWatcher(connection, "_bell.e.>", (error) => {
    errors.push(error);
  });
  return { watcher, bells, errors, seen };
}

test("listeners share a subscription, which ends with the last of them", () => {
  const { watcher, bells, seen } = watcherOf();
  const heard: string[] = [];
  const endOne = watcher.watch(() => heard.push("one"));
  const endTwo = watcher.watch(() => heard.push("two"));
  assert.equal(bells.length, 1);
  bells[0]!();
  endOne();
  bells[0]!();
  assert.deepEqual(heard, ["one", "two", "two"]);
  assert.equal(seen.unsubscribed, 0);
  endTwo();
  assert.equal(seen.unsubscribed, 1);
  watcher.watch(() => {});
  assert.equal(bells.length, 2);
});

test("a failure to listen is reported, and no append", () => {
  const { watcher, bells, errors } = watcherOf();
  let heard = 0;
  watcher.watch(() => heard++);
  const lost = new Error("no permission");
  bells[0]!(lost);
  assert.deepEqual(errors, [lost]);
  assert.equal(heard, 0);
});

test("a connection that refuses to listen is reported; own appends are heard", () => {
  const refusal = new Error("closed connection");
  const { watcher, errors } = watcherOf({ refusal });
  let heard = 0;
  const end = watcher.watch(() => heard++);
  assert.deepEqual(errors, [refusal]);
  watcher.appended();
  assert.equal(heard, 1);
  end();
});

test("a listener that throws keeps nothing from the others", () => {
  const { watcher, errors } = watcherOf();
  const failure = new Error("listener");
  let heard = 0;
  watcher.watch(() => {
    throw failure;
  });
  watcher.watch(() => heard++);
  watcher.appended();
  assert.deepEqual(errors, [failure]);
  assert.equal(heard, 1);
});
