import { createHandler } from "evtstore";
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fill, openSqlite, openWorkspace } from "./support.ts";

async function setUp(t: TestContext) {
  const workspace = openWorkspace(t);
  const store = await openSqlite(join(workspace.folder, "bank.db"));
  await fill(store.provider);
  const env = { EVTSTORE_URL: "bank.db" };
  let configs = 0;
  return {
    /** A config file of its own each time: a command closes its provider. */
    config: () => {
      const path = join(workspace.folder, "bank.db");
      const name = `config-${++configs}.ts`;
      return ["--config", workspace.write(name, CONFIG.replace("PATH", path))];
    },
    ...workspace,
    ...store,
    run: (args: string[], options = {}) =>
      workspace.run(args, { env, ...options }),
    json: (args: string[], options = {}) =>
      workspace.json(args, { env, ...options }),
  };
}

const CONFIG = `
import { createAggregate, createDomain } from "evtstore";
import { createProvider, migrate } from "evtstore/provider/sqlite";

const path = "PATH";
const account = createAggregate({
  stream: "accounts",
  create: () => ({ numbers: [] as number[] }),
  fold: (event: { type: "Opened"; number: number }, { numbers }) => ({
    numbers: [...numbers, event.number],
  }),
});
const sqlite = createProvider({ path, onError: () => {} });
const made = createDomain({ provider: sqlite }, { account });
const board = made.createHandler("board", ["accounts"], { onFailure: "park", retry: { times: 0 } });
board.handle("accounts", "Opened", (id) => {
  if (id === "accounts-6") throw new Error("still broken");
});
export default {
  provider: sqlite,
  domain: made.domain,
  handlers: [board],
  migrate: () => migrate({ path }),
};
`;

test("streams are listed with their newest events", async (t) => {
  const { json, run, close } = await setUp(t);
  const found = await json(["streams"]);
  assert.deepEqual(found.map(({ stream }) => stream), [
    "accounts",
    "orders",
    "users é",
  ]);
  assert.deepEqual(found[2], {
    stream: "users é",
    position: "72",
    timestamp: "2026-01-01T00:59:00.000Z",
    aggregateId: "users é-11",
    version: 5,
    type: "Closed",
  });
  const { out } = await run(["streams"]);
  assert.match(out[0]!, /^STREAM +POSITION +AT +TYPE +AGGREGATE$/);
  assert.equal(out.length, 4);
  await close();
});

test("events are filtered by stream, aggregate, type, time and position", async (t) => {
  const { json, run, close } = await setUp(t);
  const count = async (...args: string[]) =>
    (await json(["events", "--limit", "1000", ...args])).length;
  assert.equal(await count(), 72);
  assert.equal(await count("--stream", "accounts"), 24);
  assert.equal(await count("--stream", "accounts", "--stream", "orders"), 48);
  assert.equal(await count("--aggregate", "accounts-0"), 7);
  assert.equal(await count("--aggregate", "accounts-0", "--after", "40"), 2);
  assert.equal(await count("--type", "Paid"), 24);
  assert.equal(await count("--type", "Paid", "--type", "Opened"), 48);
  const since = ["--since", "2026-01-01T00:10:00Z"];
  assert.equal(await count(...since, "--until", "2026-01-01T00:12:00Z"), 4);
  assert.equal(await count("--after", "70"), 2);
  assert.equal(await count("--limit", "5"), 5);
  const [first] = await json(["events", "--limit", "1"]);
  assert.deepEqual(first, {
    position: "1",
    stream: "accounts",
    aggregateId: "accounts-0",
    version: 1,
    timestamp: "2026-01-01T00:00:00.000Z",
    event: {
      10: "a name that JavaScript sorts",
      type: "Opened",
      number: 0,
      z: { b: 0, a: [1.5, "\u2028 \n\"'<script>", null, true] },
    },
    metadata: { correlationId: "r0", user: { id: 7 } },
  });
  const { out, err } = await run(["events", "--limit", "2"]);
  assert.equal(out.length, 2);
  assert.match(err[0]!, /^The first 2: more with --limit/);
  await close();
});

test("what an event contains cannot move the cursor, nor make a line", async (t) => {
  const { provider, run, json, close } = await setUp(t);
  const hostile = "\x1b[2J\r\n\u202e\u2028evil\x9b";
  const events = provider.createEvents("s", hostile, 1, [
    { type: hostile, [hostile]: hostile },
  ]);
  await provider.append("s", hostile, 1, events);
  const { out } = await run(["events", "--stream", "s"]);
  assert.equal(out.length, 1);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(out[0]!, /[\x00-\x1f\x7f-\x9f\u2028\u202e]/);
  assert.match(out[0]!, /\\u001b\[2J\\u000d\\u000a\\u202e\\u2028evil\\u009b/);
  const streams = await run(["streams"]);
  assert.equal(streams.out.length, 5);
  const [exact] = await json(["events", "--stream", "s"]);
  assert.equal(exact.aggregateId, hostile);
  await close();
});

test("--follow shows what is appended, also in a new stream, until interrupted", async (t) => {
  const { provider, run, close } = await setUp(t);
  const stop = new AbortController();
  const lines: string[] = [];
  let seen: ((line: string) => void) | undefined;
  const next = () => new Promise<string>((resolve) => seen = resolve);
  const first = next();
  const following = run(["events", "--follow", "--after", "71"], {
    signal: stop.signal,
    printed: (line: string) => {
      lines.push(line);
      seen?.(line);
    },
  });
  assert.match(await first, /^72 /);
  const second = next();
  const events = provider.createEvents("fresh", "f", 1, [{ type: "Made" }]);
  await provider.append("fresh", "f", 1, events);
  assert.match(await second, /^73 .*fresh\/f@1 +Made/);
  stop.abort();
  assert.equal((await following).code, 0);
  assert.equal(lines.length, 2);
  await close();
});

test("an aggregate is shown as it was at a version, with the application's state", async (t) => {
  const { folder, json, run, write, config, close } = await setUp(t);
  write("evtstore.config.ts", CONFIG.replace("PATH", join(folder, "bank.db")));
  const env = {};
  const whole = await json(["aggregate", "accounts-0"], { env });
  assert.equal(whole[0].version, 7);
  assert.deepEqual(whole[0].state, {
    numbers: [0, 0, 0, 12, 24, 36, 48],
    aggregateId: "accounts-0",
    version: 7,
  });
  const [at] = await json([
    "aggregate",
    "accounts-0",
    "--at",
    "4",
    ...config(),
  ]);
  assert.deepEqual(at.state, {
    numbers: [0, 0, 0, 12],
    aggregateId: "accounts-0",
    version: 4,
  });
  assert.equal(at.events.length, 4);
  const text = await run([
    "aggregate",
    "accounts-0",
    "--at",
    "1",
    ...config(),
  ]);
  assert.match(text.out[0]!, /^1 .*accounts\/accounts-0@1 +Opened/);
  assert(text.out.includes('  "version": 1'));
  // Without the domain there are the events.
  const [bare] = await json(["aggregate", "accounts-0"]);
  assert.deepEqual(Object.keys(bare), [
    "stream",
    "aggregateId",
    "version",
    "events",
  ]);
  const none = await run(["aggregate", "nobody"]);
  assert.equal(none.code, 2);
  assert.match(none.err[0]!, /There is no aggregate "nobody"/);
  const late = await run(["aggregate", "accounts-0", "--at", "8"]);
  assert.match(late.err[0]!, /has no version 8: its last one is 7/);
  await close();
});

test("an aggregate that several streams have must be told apart", async (t) => {
  const { provider, run, json, close } = await setUp(t);
  const events = provider.createEvents("orders", "accounts-0", 1, [
    { type: "Paid" },
  ]);
  await provider.append("orders", "accounts-0", 1, events);
  const { code, err } = await run(["aggregate", "accounts-0"]);
  assert.equal(code, 2);
  assert.match(err[0]!, /give --stream, one of accounts, orders/);
  const [found] = await json(["aggregate", "accounts-0", "--stream", "orders"]);
  assert.equal(found.version, 1);
  await close();
});

test("handlers, parked and retry: see it, repair it, replay it", async (t) => {
  const { provider, json, run, config, close } = await setUp(t);
  const broken = createHandler<{ accounts: { type: "Opened" } }>({
    bookmark: "board",
    streams: ["accounts"],
    provider,
    onFailure: "park",
    retry: { times: 0 },
  });
  broken.handle("accounts", "Opened", (id) => {
    if (id.endsWith("0") || id.endsWith("6")) throw new RangeError("no tax");
  });
  await broken.runOnce();
  const idle = createHandler<{ orders: { type: "Paid" } }>({
    bookmark: "mails",
    streams: ["orders"],
    provider,
  });
  idle.start();
  while ((await idle.status()).state !== "idle") {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const found = await json(["handlers"]);
  assert.deepEqual(found.map(({ bookmark }) => bookmark), ["board", "mails"]);
  const [board, mails] = found;
  assert.equal(board.parked, 2);
  assert.equal(board.lastError.message, "no tax");
  assert.equal(board.behind.of, "all streams");
  assert.match(mails.owner, /:\d+$/);
  await idle.stop();
  const { out } = await run(["handlers"]);
  assert.match(out[0]!, /^BOOKMARK +POSITION +BEHIND/);

  const parked = await json(["parked", "board"]);
  assert.deepEqual(
    parked.map(({ aggregateId, version }) => [aggregateId, version]),
    [
      ["accounts-0", 1],
      ["accounts-6", 1],
    ],
  );
  assert.equal((await json(["parked", "mails"])).length, 0);

  // The code of the handler is not in the database.
  const refused = await run(["retry", "board", "--yes"]);
  assert.equal(refused.code, 2);
  assert.match(refused.err[0]!, /needs the code of handler "board": export it/);

  const [behind] = await json(["handlers", ...config()]);
  assert.equal(behind.behind.of, "its streams");
  assert.equal(behind.behind.events, 0);
  const nobody = await run(["retry", "board", ...config()]);
  assert.equal(nobody.code, 2);
  assert.match(nobody.err[0]!, /nobody can be asked here, so give --yes/);
  const no = await run(["retry", "board", ...config()], { answer: "n" });
  assert.deepEqual([no.code, no.err], [2, ["Nothing was done"]]);
  const retried = await run(["retry", "board", ...config()], { answer: "y" });
  assert.equal(retried.code, 1);
  assert.deepEqual(retried.out, ["Handled 7 events of 1 aggregates"]);
  assert.match(
    retried.err[0]!,
    /accounts\/accounts-6 stays parked: Error: still broken/,
  );
  assert.equal((await json(["parked"])).length, 1);
  await close();
});

test("migrate makes the tables, and asks before", async (t) => {
  const { run, folder } = openWorkspace(t);
  const refused = await run(["migrate", "--store", "new.db"]);
  assert.equal(refused.code, 2);
  const no = await run(["migrate", "--store", "new.db"], { answer: "" });
  assert.equal(no.code, 2);
  assert(!existsSync(join(folder, "new.db")));
  const yes = await run(["migrate", "--store", "new.db"], { answer: "y" });
  assert.deepEqual([yes.code, yes.out], [0, ["Migrated"]]);
  assert.equal((await run(["verify", "--store", "new.db"])).code, 0);
});

test("a store that was not migrated says so, and a file that is not there", async (t) => {
  const { run, write, folder } = openWorkspace(t);
  write("empty.db", "");
  const empty = await run(["streams", "--store", "empty.db"]);
  assert.equal(empty.code, 1);
  assert.match(empty.err[0]!, /^NOT_MIGRATED: .*run migrate/);
  const json = await run(["streams", "--store", "empty.db", "--json"]);
  assert.equal(JSON.parse(json.err[0]!).code, "NOT_MIGRATED");
  const missing = await run(["streams", "--store", "missing.db"]);
  assert.equal(missing.code, 2);
  assert.match(missing.err[0]!, /There is no file .*missing.db/);
  assert(!existsSync(join(folder, "missing.db")));
});

test("wrong use is told apart from failure, and shows no password", async (t) => {
  const { run, write } = openWorkspace(t);
  const cases: [string[], RegExp][] = [
    [["nonsense"], /There is no command "nonsense"/],
    [["streams", "--nonsense"], /--nonsense/],
    [["streams"], /Name the store: --store URL, --config FILE, EVTSTORE_URL/],
    [["aggregate", "-s", "x.db"], /Expected: evtstore aggregate ID/],
    [["events", "-s", "oracle://me:secret@h/db"], /kind "oracle:"/],
    [["streams", "-s", "a.db", "-c", "b.ts"], /not both/],
    [["streams", "-c", "b.ts"], /There is no file .*b.ts/],
  ];
  for (const [args, expected] of cases) {
    const { code, err, out } = await run(args);
    assert.deepEqual([code, out], [2, []], args.join(" "));
    assert.match(err[0]!, expected);
    assert.doesNotMatch(err.join(), /secret/);
  }
  write("bank.db", "");
  for (
    const args of [["--limit", "few"], ["--since", "noon"], ["--after", "x"]]
  ) {
    const { code } = await run(["events", "-s", "bank.db", ...args]);
    assert.equal(code, args[0] === "--after" ? 1 : 2, args.join(" "));
  }
  write("nothing.ts", "export const other = 1;\n");
  const config = await run(["streams", "-c", "nothing.ts"]);
  assert.match(config.err[0]!, /exports no provider/);
});

test("a database that is away is a failure, with its reason", async (t) => {
  const { run } = openWorkspace(t);
  const url = "postgres://me:secret@127.0.0.1:1/db";
  const { code, err } = await run(["streams"], { env: { EVTSTORE_URL: url } });
  assert.equal(code, 1);
  assert.match(err.join("\n"), /ECONNREFUSED/);
  assert.doesNotMatch(err.join("\n"), /secret/);
});

test("help lists the commands, and the options of each", async (t) => {
  const { run } = openWorkspace(t);
  const { code, out } = await run(["--help"]);
  assert.equal(code, 0);
  for (
    const name of [
      "migrate",
      "streams",
      "events",
      "aggregate",
      "handlers",
      "parked",
      "retry",
      "export",
      "import",
      "verify",
    ]
  ) {
    assert(out.some((line) => line.startsWith(`  ${name} `)), name);
    const help = await run([name, "--help"]);
    assert.equal(help.code, 0);
    assert(help.out.some((line) => line.includes("--json")));
  }
  assert.equal((await run([])).code, 2);
});

test("handlers shows one line for all slices of a handler with shards", async (t) => {
  const { provider, json, close } = await setUp(t);
  const make = (shards?: number) => {
    const handler = createHandler<{ accounts: { type: "Opened" } }>({
      bookmark: "shared",
      streams: ["accounts"],
      provider,
      ...shards !== undefined && { shards },
    });
    handler.handle("accounts", "Opened", () => {});
    return handler;
  };
  await make().runOnce();
  const handler = make(8);
  handler.start();
  while ((await handler.status()).shards!.slices.length < 64) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await handler.stop();
  const [found, ...others] = await json(["handlers"]);
  assert.deepEqual(others, []);
  assert.equal(found.bookmark, "shared");
  assert.equal(found.behind.of, "all streams");
  const [parked] = [await json(["parked"])];
  assert.deepEqual(parked, []);
  assert.equal((await json(["verify"])).some(({ problem }) => problem), false);
  await close();
});
