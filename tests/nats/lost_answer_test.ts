import assert from "node:assert/strict";
import { headers } from "@nats-io/transport-node";
import { StoreError, VersionError } from "evtstore";
import { createProvider, type NatsConnection } from "../../providers/nats.ts";
import { connectTo, natsUrl } from "../providers/support/nats.ts";
import { appendTo, onNats, open } from "./support.ts";

class TimeoutError extends Error {
  override name = "TimeoutError";
}

type Losing = {
  connection: NatsConnection;
  /** The next answers of messages to these subjects are lost. */
  lose(count: number, pattern: RegExp, after?: () => Promise<unknown>): void;
};

/** The connection for a writer whose answers are lost on the way. */
function losingAnswers(connection: NatsConnection): Losing {
  let left = 0;
  let lost = /^$/;
  let afterwards: () => Promise<unknown> = async () => {};
  return {
    connection: {
      get info() {
        return connection.info;
      },
      async request(subject, payload, options) {
        const answer = await connection.request(subject, payload, options);
        if (left === 0 || !lost.test(subject)) return answer;
        left--;
        await afterwards();
        throw new TimeoutError("timeout");
      },
      requestMany: (...request) => connection.requestMany(...request),
      subscribe: (...subscription) => connection.subscribe(...subscription),
      status: () => connection.status(),
      isClosed: () => connection.isClosed(),
    },
    lose(count, pattern, after = async () => {}) {
      left = count;
      lost = pattern;
      afterwards = after;
    },
  };
}

const COMMITS = /^evt_/;
const VALUES = /^\$KV/;
const hasCode = (code: string) => (error: unknown) =>
  error instanceof StoreError && error.code === code;

onNats(
  "an append whose answer is lost is stored once, and found",
  async (t) => {
    const { provider, connection, name } = await open(t);
    const losing = losingAnswers(connection);
    const writer = createProvider({ ...losing, headers, name });
    for (const count of [1, 3]) {
      for (const commandId of [undefined, "open"]) {
        const id = `${count} ${commandId}`;
        losing.lose(2, COMMITS);
        const positions = await appendTo(writer, id, 1, {
          count,
          ...commandId && { commandId },
        });
        const stored = await provider.getEventsFor("counters", id);
        assert.deepEqual(stored.map(({ position }) => position), positions);
        assert.equal(stored.length, count);
        // It knows where the aggregate ends.
        await appendTo(writer, id, count + 1);
      }
    }
  },
);

onNats(
  "an append whose answer is lost is known for stored when another came after it",
  async (t) => {
    const { provider, connection, name } = await open(t);
    const losing = losingAnswers(connection);
    const writer = createProvider({ ...losing, headers, name });
    losing.lose(1, COMMITS, () => appendTo(provider, "ada", 2));
    await appendTo(writer, "ada", 1);
    const stored = await provider.getEventsFor("counters", "ada");
    assert.equal(stored.length, 2);
    // And one that came before it is a conflict, as ever.
    await assert.rejects(appendTo(writer, "ada", 2), VersionError);
  },
);

onNats(
  "an append that nobody answers is OUTCOME_UNKNOWN, and nothing is believed of it",
  async (t) => {
    const { provider, connection, name } = await open(t);
    const losing = losingAnswers(connection);
    const writer = createProvider({
      ...losing,
      headers,
      name,
      timeoutMs: 200,
    });
    await appendTo(writer, "ada", 1);
    losing.lose(1_000, /./);
    await assert.rejects(
      appendTo(writer, "ada", 2, { commandId: "two" }),
      (error) =>
        // Of an append that was not sent it is known.
        hasCode("OUTCOME_UNKNOWN")(error) || hasCode("CONNECTION_LOST")(error),
    );
    losing.lose(1_000, COMMITS);
    await assert.rejects(
      appendTo(writer, "bob", 1),
      hasCode("OUTCOME_UNKNOWN"),
    );
    losing.lose(0, COMMITS);
    assert.equal((await provider.getEventsFor("counters", "bob")).length, 1);
    await appendTo(writer, "bob", 2);
  },
);

onNats("a record whose answer is lost is written once", async (t) => {
  const { provider, connection, name } = await open(t);
  const losing = losingAnswers(connection);
  const writer = createProvider({ ...losing, headers, name });
  const { records } = writer;
  losing.lose(1, VALUES);
  assert.equal(await records.put("k", "a", 1, { revision: 0 }), true);
  losing.lose(1, VALUES);
  assert.equal(await records.put("k", "a", 2, { revision: 1 }), true);
  losing.lose(1, VALUES);
  assert.equal(await writer.setPosition("b", 1024, { from: 0 }), true);
  losing.lose(1, VALUES);
  await writer.setPosition("b", 2048);
  assert.equal(await provider.getPosition("b"), 2048);
  await records.put("k", "gone", 1, { revision: 0 });
  losing.lose(1, VALUES);
  assert.equal(await records.remove("k", "gone"), true);
  assert.equal(await records.remove("k", "gone"), false);
  const { revision, value } = (await provider.records.get("k", "a"))!;
  assert.deepEqual({ revision, value }, { revision: 2, value: 2 });

  // Another has changed it before it could be looked at: nobody can tell.
  losing.lose(
    1,
    VALUES,
    () => provider.records.put("k", "a", 4, { revision: 3 }),
  );
  await assert.rejects(
    records.put("k", "a", 3, { revision: 2 }),
    hasCode("OUTCOME_UNKNOWN"),
  );
});

onNats("a connection that is closed is STORE_CLOSED", async (t) => {
  const { name } = await open(t);
  const connection = await connectTo(natsUrl!);
  const provider = createProvider({ connection, headers, name });
  await appendTo(provider, "ada", 1);
  await connection.close();
  for (
    const work of [
      () => appendTo(provider, "ada", 2),
      () => provider.getEventsFor("counters", "ada"),
      () => provider.getEventsFrom("counters", 0),
      () => provider.records.put("k", "a", 1, { revision: 0 }),
      () => provider.setPosition("b", 0),
    ]
  ) {
    await assert.rejects(work(), hasCode("STORE_CLOSED"), String(work));
  }
});
