import type { Provider } from "evtstore";
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { append, ask, memory } from "./support.ts";

/** Follows a log, message by message. */
async function follow(
  t: TestContext,
  provider: Provider<any>,
  query = "",
  headers = {},
) {
  const response = await ask(provider).fetch(`/api/tail${query}`, { headers });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const reader = response.body!.pipeThrough(new TextDecoderStream())
    .getReader();
  t.after(() => reader.cancel());
  let text = "";
  const block = async (): Promise<string> => {
    while (!text.includes("\n\n")) {
      const { done, value } = await reader.read();
      if (done) return "";
      text += value;
    }
    const [first] = text.split("\n\n", 1);
    text = text.slice(first!.length + 2);
    return first!;
  };
  assert.equal(await block(), ": the log");
  return {
    reader,
    block,
    async next(): Promise<{ id: string | undefined; message: any }> {
      const found = await block();
      const id = /^id: (.+)$/m.exec(found)?.[1];
      return { id, message: JSON.parse(/^data: ([^\n]+)$/m.exec(found)![1]!) };
    },
  };
}

const typesOf = ({ message }: { message: any }) =>
  message.events.map(({ type }: any) => type);

test("events come as they are appended, from the end on", async (t) => {
  const provider = memory();
  await append(provider, "a", "1", [{ type: "Before" }]);
  const { next } = await follow(t, provider);
  await append(provider, "a", "1", [{ type: "One" }, { type: "Two" }]);
  const first = await next();
  assert.equal(first.message.kind, "events");
  assert.deepEqual(typesOf(first), ["One", "Two"]);
  assert.equal(first.id, "3");
  await append(provider, "b", "1", [{ type: "Three" }]);
  // The names of the streams are asked for once in two seconds.
  assert.deepEqual(typesOf(await next()), ["Three"]);
});

test("one stream is followed, and from a position on", async (t) => {
  const provider = memory();
  for (const type of ["One", "Two", "Three"]) {
    await append(provider, "a", "1", [{ type }]);
    await append(provider, "b", "1", [{ type }]);
  }
  const { next } = await follow(t, provider, "?stream=a&from=1");
  const first = await next();
  assert.deepEqual(typesOf(first), ["Two", "Three"]);
  assert(first.message.events.every(({ stream }: any) => stream === "a"));
});

test("a connection that was lost goes on behind its last message", async (t) => {
  const provider = memory();
  for (const type of ["One", "Two", "Three"]) {
    await append(provider, "a", "1", [{ type }]);
  }
  const { next } = await follow(t, provider, "?from=1", {
    "last-event-id": "2",
  });
  assert.deepEqual(typesOf(await next()), ["Three"]);
});

test("what nobody can read is left out, and counted", async (t) => {
  const provider = memory();
  await append(provider, "a", "1", [{ type: "Before" }]);
  const { next } = await follow(t, provider);
  await append(provider, "a", "1", new Array(300).fill({ type: "A" }));
  const { message } = await next();
  assert.deepEqual(message, { kind: "skipped", events: 300, more: false });
  await append(provider, "a", "1", [{ type: "After" }]);
  assert.deepEqual(typesOf(await next()), ["After"]);
});

test("a database that is away is told of, and followed when it is back", async (t) => {
  const provider = memory();
  await append(provider, "a", "1", [{ type: "Before" }]);
  let isAway = false;
  const { next } = await follow(t, {
    ...provider,
    getEventsFrom: (...args) =>
      isAway
        ? Promise.reject(new Error("postgres://secret is away"))
        : provider.getEventsFrom(...args),
  });
  isAway = true;
  await append(provider, "a", "1", [{ type: "One" }]);
  const { message } = await next();
  assert.equal(message.kind, "error");
  assert.doesNotMatch(JSON.stringify(message), /secret/);
  isAway = false;
  let found = await next();
  while (found.message.kind === "error") found = await next();
  assert.deepEqual(typesOf(found), ["One"]);
});

test("who leaves is no longer read for, nor watched for", async () => {
  const provider = memory();
  await append(provider, "a", "1", [{ type: "Before" }]);
  let watching = 0;
  let reads = 0;
  const counted: Provider<any> = {
    ...provider,
    watch(listener) {
      watching++;
      const end = provider.watch!(listener);
      return () => {
        watching--;
        end();
      };
    },
    getEventsFrom(...args) {
      reads++;
      return provider.getEventsFrom(...args);
    },
  };
  for (const isAborted of [true, false]) {
    const left = new AbortController();
    const response = await ask(counted).fetch("/api/tail", {
      signal: left.signal,
    });
    const reader = response.body!.getReader();
    await reader.read();
    assert.equal(watching, 1);
    if (isAborted) left.abort();
    else await reader.cancel();
    for (let tries = 0; watching > 0 && tries < 100; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(watching, 0);
    const before = reads;
    await append(provider, "a", "1", [{ type: "Nobody" }]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(reads, before);
  }
});

test("no more than sixteen are open at once", async () => {
  const provider = memory();
  const { fetch } = ask(provider);
  const open = [];
  for (let number = 0; number < 16; number++) {
    open.push(await fetch("/api/tail"));
  }
  const refused = await fetch("/api/tail");
  assert.equal(refused.status, 429);
  for (const { body } of open) await body!.cancel();
  const again = await fetch("/api/tail");
  assert.equal(again.status, 200);
  await again.body!.cancel();
});

test("a heartbeat comes where nothing does", async (t) => {
  const provider = memory();
  await append(provider, "a", "1", [{ type: "Before" }]);
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const { block } = await follow(t, provider);
  now = 15_000;
  assert.equal(await block(), ": still here");
});
