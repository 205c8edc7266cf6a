import assert from "node:assert/strict";
import { test } from "node:test";
import { openDatabase } from "../../cli/databases.ts";
import { findTargets, type Target } from "../cli/targets.ts";
import { fill, openWorkspace } from "../cli/support.ts";
import { openSchema, postgresServers } from "../providers/support/postgres.ts";
import { ask } from "./support.ts";

/** What `fill` appends. */
const APPENDS = 60;
const EVENTS = 72;

async function findStores(): Promise<Target[]> {
  const found = await findTargets();
  const [server] = postgresServers;
  if (!server) return found;
  const schema = await openSchema(server);
  return [...found, {
    name: "PostgreSQL",
    args: ["--store", schema.url],
    drop: () => schema.drop(),
  }];
}

for (const target of await findStores()) {
  test(`the studio reads ${target.name} in both directions`, async (t) => {
    const { folder, run } = openWorkspace(t);
    t.after(() => target.drop());
    const migrated = await run(["migrate", ...target.args, "--yes"]);
    assert.equal(migrated.code, 0, migrated.err.join("\n"));
    const [, url, , events, , bookmarks] = target.args;
    const { provider, close } = await openDatabase({
      url: url!,
      cwd: folder,
      mayCreate: false,
      ...events !== undefined && { events },
      ...bookmarks !== undefined && { bookmarks },
    });
    t.after(() => close());
    await fill(provider, APPENDS);
    const names = await provider.catalog!.streams();
    const start = await provider.getPosition("nobody");
    const log = await provider.getEventsFrom(names, start, 1000);
    assert.equal(log.length, EVENTS);
    await provider.setPosition("half", log[EVENTS / 2 - 1]!.position);
    const positions = log.map(({ position }) => String(position));
    const { get } = ask(provider);

    for (const order of ["newest", "oldest"]) {
      const found: any[] = [];
      let from: string | undefined;
      do {
        const page = await get("/api/events", { order, from, limit: 7 });
        found.push(...page.events);
        from = page.next ?? undefined;
      } while (from !== undefined);
      const wanted = order === "newest" ? positions.toReversed() : positions;
      assert.deepEqual(found.map(({ position }) => position), wanted);
    }

    const orders = await get("/api/events", {
      aggregate: "orders-4",
      text: "SCRIPT",
    });
    const wanted = log.filter(({ aggregateId }) => aggregateId === "orders-4");
    assert.deepEqual(
      orders.events.map(({ version }: any) => version),
      wanted.map(({ version }) => version).toReversed(),
    );
    const between = await get("/api/events", {
      since: "2026-01-01T00:10:00Z",
      until: "2026-01-01T00:20:00Z",
      order: "oldest",
    });
    assert.deepEqual(
      between.events.map(({ position }: any) => position),
      log.filter(({ timestamp }) => {
        const minute = (timestamp.getTime() - Date.UTC(2026, 0, 1)) / 60_000;
        return minute >= 10 && minute < 20;
      }).map(({ position }) => String(position)),
    );

    const { streams, sample } = await get("/api/streams");
    assert.deepEqual(streams.map(({ stream }: any) => stream), [
      "accounts",
      "orders",
      "users é",
    ]);
    assert.equal(sample.events, EVENTS);
    assert(streams.every(({ recent }: any) => recent === EVENTS / 3));

    const overview = await get("/api/overview");
    assert.equal(overview.newest.position, positions.at(-1));
    const { handlers } = await get("/api/handlers");
    const half = handlers.find(({ bookmark }: any) => bookmark === "half");
    assert.equal(half.lag.events, EVENTS / 2);
    assert.deepEqual((await get("/api/parked")).parked, []);

    const aggregate = await get("/api/aggregate", {
      stream: "users é",
      id: "users é-2",
      limit: 2,
    });
    assert.deepEqual(
      aggregate.events.map(({ version }: any) => version),
      [1, 2],
    );
    assert.equal(aggregate.next, 2);
    const search = await get("/api/search", { text: positions[5]! });
    assert.equal(search.events[0].position, positions[5]);

    // Number 4 has metadata, and a command id.
    const found = await get("/api/causation", { correlationId: "r4" });
    assert.deepEqual(
      found.commands.map(({ commandId, stream }: any) => [commandId, stream]),
      [["c4", "orders"]],
    );

    const from = positions.at(-3)!;
    const tail = await ask(provider).fetch(`/api/tail?from=${from}`);
    const reader = tail.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!/^data: [^\n]+\n\n/m.test(text)) {
      text += (await reader.read()).value;
    }
    await reader.cancel();
    const message = JSON.parse(/^data: ([^\n]+)\n/m.exec(text)![1]!);
    assert.deepEqual(
      message.events.map(({ position }: any) => position),
      positions.slice(-2),
    );
  });
}
