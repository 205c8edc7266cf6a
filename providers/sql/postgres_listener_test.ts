import type { StoreError } from "evtstore";
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import type { PostgresListener } from "./postgres_executor.ts";
import {
  AppendListener,
  type NotificationSource,
} from "./postgres_listener.ts";

const TIMES = { answer: 50, probe: 30, retry: 10 };

/** A server whose connections can break, and a listener that uses it. */
function listenerOf(test: TestContext, options: Partial<Server> = {}) {
  const server: Server = {
    refuses: "",
    isDeaf: false,
    hangs: false,
    ...options,
  };
  const open = new Set<PostgresListener>();
  let connections = 0;
  const source: NotificationSource = {
    channel: async () => "evtstore_1",
    async listen(channel, listener) {
      assert.equal(channel, "evtstore_1");
      connections++;
      if (server.refuses) throw new Error(server.refuses);
      if (server.hangs) await new Promise(() => {});
      open.add(listener);
      return async () => void open.delete(listener);
    },
    async notify(payload) {
      if (server.isDeaf) return;
      for (const { notified } of open) notified(payload);
    },
  };
  const failures: StoreError[] = [];
  let changes = 0;
  const listener = new AppendListener(
    source,
    "me",
    () => changes++,
    (error) => void failures.push(error),
    TIMES,
  );
  test.after(() => listener.end());
  return {
    server,
    open,
    source,
    listener,
    failures,
    changes: () => changes,
    connections: () => connections,
  };
}

type Server = { refuses: string; isDeaf: boolean; hangs: boolean };

test("a listener is told of what others announce, not of its own", async (t) => {
  const { listener, changes, source } = listenerOf(t);
  await until(() => listener.isListening);
  // Nobody was told of what came before.
  assert.equal(changes(), 1);
  await source.notify("me");
  await source.notify("somebody ?");
  assert.equal(changes(), 1);
  await source.notify("somebody");
  assert.equal(changes(), 2);
});

test("a listener whose connection is lost opens another one, and looks", async (t) => {
  const { listener, open, failures, changes, connections } = listenerOf(t);
  await until(() => listener.isListening);
  const [first] = open;
  first!.lost(new Error("the server went away"));
  await until(() => !listener.isListening);
  // Once as it is polled now, once as it is not any more.
  await until(() => listener.isListening);
  assert.equal(changes(), 3);
  assert.equal(connections(), 2);
  assert.equal(open.size, 1);
  assert.match(String(failures[0]), /the server went away/);
  assert.equal(failures.length, 1);
});

test("a listener finds out that its connection died in silence", async (t) => {
  const { listener, server, failures, open } = listenerOf(t);
  await until(() => listener.isListening);
  server.isDeaf = true;
  await until(() => !listener.isListening);
  await until(() => failures.length > 0);
  assert.equal(failures[0]!.code, "NOT_SUPPORTED");
  assert.match(failures[0]!.message, /PgBouncer/);
  server.isDeaf = false;
  await until(() => listener.isListening);
  await until(() => open.size === 1);
});

test("where no notification arrives it is told once, and tried ever less", async (t) => {
  const start = performance.now();
  const { listener, failures, connections } = listenerOf(t, { isDeaf: true });
  await until(() => connections() >= 4);
  // Three tries, and pauses of 10, 20 and 40 ms; timers may be a bit early.
  assert.ok(performance.now() - start > 200);
  assert.equal(failures.length, 1);
  assert.equal(listener.isListening, false);
});

test("a listener does not wait for ever for a connection", async (t) => {
  const { listener, failures, server } = listenerOf(t, { hangs: true });
  await until(() => failures.length > 0);
  assert.equal(failures[0]!.code, "CONNECTION_LOST");
  server.hangs = false;
  await until(() => listener.isListening);
});

test("each failure to connect is told of once", async (t) => {
  const { listener, failures, server, connections } = listenerOf(t, {
    refuses: "no route",
  });
  await until(() => connections() >= 3);
  server.refuses = "no password";
  await until(() => failures.length === 2);
  server.refuses = "";
  await until(() => listener.isListening);
  assert.deepEqual(
    failures.map(({ message }) => message.includes("no route")),
    [true, false],
  );
});

test("a listener that was ended closes, whenever that is", async (t) => {
  const { listener, open, changes, failures } = listenerOf(t);
  listener.end();
  await setTimeout(20);
  assert.equal(open.size, 0);
  const other = listenerOf(t);
  await until(() => other.listener.isListening);
  const [connection] = other.open;
  other.listener.end();
  await until(() => other.open.size === 0);
  connection!.lost(new Error("closed"));
  connection!.notified("somebody");
  await setTimeout(20);
  assert.equal(other.changes(), 1);
  assert.equal(other.connections(), 1);
  assert.equal(changes(), 0);
  assert.equal(failures.length + other.failures.length, 0);
});

async function until(isSo: () => boolean): Promise<void> {
  const start = performance.now();
  while (!isSo()) {
    assert.ok(performance.now() - start < 5000, "It did not come in 5 s");
    await setTimeout(2);
  }
}
