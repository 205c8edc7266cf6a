import assert from "node:assert/strict";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import { StoreError, type StoreErrorFacts } from "evtstore";
import { createProvider, migrate } from "../../providers/nats.ts";
import {
  connectTo,
  natsUrl,
  newName,
  removeLog,
} from "../providers/support/nats.ts";
import { appendTo, onNats, open } from "./support.ts";

const hasCode = (code: string, text = /./) => (error: unknown) =>
  error instanceof StoreError && error.code === code &&
  text.test(error.message);

async function ask(
  connection: NatsConnection,
  request: string,
  body: unknown = "",
): Promise<any> {
  const answer = await connection.request(
    `$JS.API.${request}`,
    body === "" ? "" : JSON.stringify(body),
    { timeout: 5000 },
  );
  return answer.json();
}

onNats("a log that was not migrated says so, and works after", async (t) => {
  const connection = await connectTo(natsUrl!);
  const name = newName();
  const provider = createProvider({ connection, headers, name });
  t.after(async () => {
    await removeLog(connection, name);
    await connection.close();
  });
  for (
    const work of [
      () => appendTo(provider, "ada", 1),
      () => provider.getEventsFrom("counters", 0),
      () => provider.records.list("k"),
    ]
  ) {
    await assert.rejects(work(), hasCode("NOT_MIGRATED", /migrate\(\)/));
  }
  const requests = await migrate({ connection, name, print: true });
  assert.equal(requests.length, 2);
  assert.match(requests[0]!, /^nats req '\$JS\.API\.STREAM\.CREATE\.evt_/);
  await assert.rejects(appendTo(provider, "ada", 1), hasCode("NOT_MIGRATED"));
  await Promise.all([
    migrate({ connection, name }),
    migrate({ connection, name }),
  ]);
  await migrate({ connection, name });
  assert.deepEqual(await migrate({ connection, name, print: true }), []);
  await appendTo(provider, "ada", 1);

  // It is gone under a provider that has worked.
  await removeLog(connection, name);
  await assert.rejects(appendTo(provider, "ada", 2), hasCode("NOT_MIGRATED"));
  await assert.rejects(
    provider.getEventsFrom("counters", 0),
    hasCode("NOT_MIGRATED"),
  );
  await migrate({ connection, name });
});

onNats(
  "a stream that would lose events is refused, by what is wrong",
  async (t) => {
    const connection = await connectTo(natsUrl!);
    t.after(() => connection.close());
    for (
      const [setting, value] of [
        ["max_age", 3_600_000_000_000],
        ["discard", "old"],
        ["max_msgs_per_subject", 5],
        ["max_msgs", 1000],
        ["storage", "memory"],
        ["deny_delete", false],
        ["allow_direct", false],
        ["republish", undefined],
      ] as const
    ) {
      const name = newName();
      const [request] = await migrate({ connection, name, print: true });
      const config = JSON.parse(request!.match(/ '(\{.*\})'$/)![1]!);
      const made = await ask(connection, `STREAM.CREATE.${name}`, {
        ...config,
        [setting]: value,
      });
      assert.equal(made.error, undefined, setting);
      // `migrate` does not change what somebody chose.
      await assert.rejects(
        migrate({ connection, name }),
        hasCode("STORE_FAILED", new RegExp(setting)),
      );
      await ask(connection, `STREAM.CREATE.KV_${name}`, {
        name: `KV_${name}`,
        subjects: [`$KV.${name}.>`],
      });
      const provider = createProvider({ connection, headers, name });
      await assert.rejects(
        provider.getEventsFrom("counters", 0),
        hasCode("STORE_FAILED", /Cannot use stream/),
      );
      await removeLog(connection, name);
    }
  },
);

onNats("a full log is STORE_FULL, and loses nothing", async (t) => {
  const connection = await connectTo(natsUrl!);
  const name = newName();
  t.after(async () => {
    await removeLog(connection, name);
    await connection.close();
  });
  await migrate({ connection, name, maxBytes: 20_000 });
  const provider = createProvider({ connection, headers, name });
  let version = 0;
  await assert.rejects(
    async () => {
      for (;;) await appendTo(provider, "ada", ++version);
    },
    hasCode("STORE_FULL"),
  );
  const stored = await provider.getEventsFor("counters", "ada");
  assert.equal(stored.length, version - 1);
  await migrate({ connection, name, maxBytes: 100_000 });
  await appendTo(provider, "ada", version);
});

onNats("what no message can hold is refused before it is sent", async (t) => {
  const { provider } = await open(t);
  const facts = (field: string): StoreErrorFacts & { code: string } => ({
    code: "INVALID_INPUT",
    field,
  });
  await appendTo(provider, "ada", 1, { count: 1024 });
  await assert.rejects(
    appendTo(provider, "ada", 1025, { count: 1025 }),
    facts("events"),
  );
  const append = (text: string) =>
    provider.append(
      "counters",
      "bob",
      1,
      provider.createEvents("counters", "bob", 1, [{ type: "Long", text }]),
    );
  await assert.rejects(append("x".repeat(1_048_500)), facts("events"));
  // Three bytes each.
  await assert.rejects(append("€".repeat(400_000)), facts("events"));
  await append("x".repeat(1_000_000));
  const [stored] = await provider.getEventsFor("counters", "bob");
  assert.equal(stored!.event.text.length, 1_000_000);
  const text = "€".repeat(400_000);
  await assert.rejects(
    provider.records.put("k", "a", text, { revision: 0 }),
    facts("value"),
  );
  for (const position of [-1, 1.5, NaN, "1", {}]) {
    await assert.rejects(
      provider.getEventsFrom("counters", position),
      facts("position"),
    );
  }
});

onNats("a transaction is refused", async (t) => {
  const { provider } = await open(t);
  const tx = {} as never;
  const events = provider.createEvents("counters", "ada", 1, [{ type: "A" }]);
  await assert.rejects(
    provider.append("counters", "ada", 1, events, { tx }),
    hasCode("NOT_SUPPORTED"),
  );
  await assert.rejects(
    provider.setPosition("b", 0, { tx }),
    hasCode("NOT_SUPPORTED"),
  );
  assert.equal("transact" in provider, false);
});

onNats("an old server is refused", async (t) => {
  const { connection, name } = await open(t);
  const old = Object.create(connection, {
    info: { value: { ...connection.info, version: "2.10.29" } },
  });
  const provider = createProvider({ connection: old, headers, name });
  await assert.rejects(
    provider.getPosition("b"),
    hasCode("NOT_SUPPORTED", /2\.11/),
  );
  await assert.rejects(
    migrate({ connection: old, name }),
    hasCode("NOT_SUPPORTED", /2\.11/),
  );
});

onNats("one server cannot hold three copies, and says so", async (t) => {
  const connection = await connectTo(natsUrl!);
  t.after(() => connection.close());
  await assert.rejects(
    migrate({ connection, name: newName(), replicas: 3 }),
    hasCode("STORE_FAILED", /replicas/),
  );
});

onNats(
  "nobody can delete an event by its number, or all of them",
  async (t) => {
    const { provider, connection, name } = await open(t);
    await appendTo(provider, "ada", 1);
    for (
      const [request, body] of [["MSG.DELETE", { seq: 1 }], [
        "PURGE",
        "",
      ]] as const
    ) {
      const { error } = await ask(
        connection,
        `STREAM.${request}.${name}`,
        body,
      );
      assert.notEqual(error, undefined, request);
    }
    assert.equal((await provider.getEventsFor("counters", "ada")).length, 1);
  },
);

onNats("a message of somebody else is not passed over", async (t) => {
  const { provider, connection, name } = await open(t);
  await appendTo(provider, "ada", 1);
  await connection.request(`${name}.counters.ada`, "hello", { timeout: 5000 });
  await appendTo(provider, "bob", 1);
  const isForeign = hasCode("FOREIGN_WRITER", /message 2 /);
  await assert.rejects(provider.getEventsFrom("counters", 0), isForeign);
  await assert.rejects(provider.getEventsFor("counters", "ada"), isForeign);
  await assert.rejects(appendTo(provider, "ada", 2), isForeign);

  // A bookmark that was put and deleted by NATS's own tools.
  const key = `$KV.${name}.bookmark.b`;
  await connection.request(key, "5", { timeout: 5000 });
  assert.equal(await provider.getPosition("b"), 0);
  await connection.request(key, "five", { timeout: 5000 });
  await assert.rejects(provider.getPosition("b"), hasCode("FOREIGN_WRITER"));
  const removal = headers();
  removal.set("KV-Operation", "DEL");
  await connection.request(key, "", { timeout: 5000, headers: removal });
  assert.equal(await provider.setPosition("b", 1024, { from: 0 }), true);
});

onNats("more records than one answer holds are listed", async (t) => {
  const { provider } = await open(t);
  const keys = Array.from({ length: 1100 }, (_, index) => `${10_000 + index}`);
  await Promise.all(
    keys.map((key) =>
      provider.records.put("many", key, key, { revision: 0, due: +key })
    ),
  );
  await provider.records.remove("many", "10005");
  const expected = keys.filter((key) => key !== "10005");
  const listed = await provider.records.list("many", { limit: 2000 });
  assert.deepEqual(listed.map(({ key }) => key), expected);
  const due = await provider.records.due("many", 10_010);
  assert.equal(due.length, 10);
});
