import { createHandler, MemoryBookmark } from "evtstore";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import type { Provider } from "../core/provider.ts";
import { everywhere, type Somewhere } from "./providers/support/everywhere.ts";

/** Handlers poll so rarely that only a wake-up comes in time. */
const POLL_MS = 600_000;
/** Far more than a wake-up takes, also on a machine that is busy. */
const PATIENCE_MS = 15_000;
const ROUNDS = 25;

for (const somewhere of everywhere) {
  describe(`wake-ups, ${somewhere.name}`, () => testWakes(somewhere));
}

function testWakes({ name, fixture }: Somewhere): void {
  const isShared = name !== "memory";

  it("none of many appends of its own is slept through", async () => {
    const opened = await fixture.open();
    try {
      await playRounds(opened.provider, opened.provider);
    } finally {
      await opened.close();
    }
  });

  it("what is appended between a read and the wait is not slept through", async () => {
    const opened = await fixture.open();
    const stream = crypto.randomUUID();
    const { provider } = opened;
    let version = 0;
    const handler = await startHandler({
      ...provider,
      async getEventsFrom(...args) {
        const page = await provider.getEventsFrom(...args);
        // Too late for this page, and its only wake-up is over.
        if (page.length === 0 && version < 3) {
          await append(provider, stream, ++version);
        }
        return page;
      },
    }, stream);
    try {
      await handler.has(3);
    } finally {
      await handler.stop();
      await opened.close();
    }
  });

  if (!isShared) return;

  it("none of many appends of another process is slept through", async () => {
    const opened = await fixture.open();
    try {
      await playRounds(opened.provider, await opened.another!());
    } finally {
      await opened.close();
    }
  });

  it("what was appended around watch() wakes", async () => {
    const opened = await fixture.open();
    try {
      const watching = await opened.another!();
      const stream = crypto.randomUUID();
      const start = await watching.getPosition("of nobody");
      for (let version = 1; version <= 10; version++) {
        const appended = append(opened.provider, stream, version);
        // As a handler: it watches first, and reads then.
        let woken = Promise.withResolvers<void>();
        const end = watching.watch!(() => woken.resolve());
        try {
          while (true) {
            woken = Promise.withResolvers();
            const page = await watching.getEventsFrom([stream], start);
            if (page.at(-1)?.version === version) break;
            await before(woken.promise, `event ${version}`);
          }
        } finally {
          end();
        }
        await appended;
      }
    } finally {
      await opened.close();
    }
  });

  if (!fixture.capabilities.includes("transact")) return;

  it("what another process appends in a transaction wakes when it commits", async () => {
    const opened = await fixture.open();
    const stream = crypto.randomUUID();
    const handler = await startHandler(await opened.another!(), stream);
    try {
      await opened.provider.transact!(async (tx) => {
        await append(opened.provider, stream, 1, tx);
        // Longer than the looks at a transaction that is still open are short.
        await setTimeout(200);
        assert.deepEqual(handler.versions, []);
      });
      await handler.has(1);
    } finally {
      await handler.stop();
      await opened.close();
    }
  });
}

/** Each event is appended at a random moment of the handler's going to sleep. */
async function playRounds(
  appending: Provider<any, any>,
  handling: Provider<any, any>,
): Promise<void> {
  const stream = crypto.randomUUID();
  const handler = await startHandler(handling, stream);
  try {
    for (let version = 1; version <= ROUNDS; version++) {
      await append(appending, stream, version);
      await handler.has(version);
      await setTimeout(Math.random() * 5);
    }
  } finally {
    await handler.stop();
  }
  assert.deepEqual(
    handler.versions,
    Array.from({ length: ROUNDS }, (_, index) => index + 1),
  );
}

async function startHandler(provider: Provider<any, any>, stream: string) {
  const versions: number[] = [];
  let seen = Promise.withResolvers<void>();
  const handler = createHandler<any>({
    bookmark: MemoryBookmark,
    streams: [stream],
    provider,
    poll: POLL_MS,
  });
  handler.handleStream(stream, {
    Happened: async (_id, _event, { version }) => {
      versions.push(version);
      seen.resolve();
      seen = Promise.withResolvers();
    },
  });
  handler.start();
  return {
    versions,
    stop: handler.stop,
    async has(version: number) {
      while (!versions.includes(version)) {
        await before(seen.promise, `event ${version}`);
      }
    },
  };
}

async function append(
  provider: Provider<any, any>,
  stream: string,
  version: number,
  tx?: unknown,
): Promise<void> {
  const events = provider.createEvents(stream, "one", version, [
    { type: "Happened" },
  ]);
  await provider.append(stream, "one", version, events, tx ? { tx } : {});
}

async function before(promise: Promise<void>, what: string): Promise<void> {
  const late = new AbortController();
  const time = setTimeout(PATIENCE_MS, "late", { signal: late.signal });
  try {
    const first = await Promise.race([promise, time]);
    if (first !== "late") return;
    assert.fail(`${what} has woken nobody within ${PATIENCE_MS} ms`);
  } finally {
    late.abort();
    await time.catch(() => {});
  }
}
