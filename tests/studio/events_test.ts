import type { Provider } from "evtstore";
import assert from "node:assert/strict";
import { test } from "node:test";
import { append, ask, type Asked, memory } from "./support.ts";

const start = Date.UTC(2026, 0, 1);

/** 3,000 events, a second each, in three streams of ten aggregates each. */
async function filled(): Promise<Provider<any>> {
  const provider = memory();
  for (let number = 0; number < 3000; number++) {
    const stream = ["accounts", "orders", "users"][number % 3]!;
    await append(provider, stream, `id-${number % 30}`, [{
      type: number % 100 === 0 ? "Rare" : "Common",
      number,
      ...number === 7 && { note: "A Needle in hay" },
    }], {
      at: new Date(start + number * 1000),
      ...number === 8 && { metadata: { user: "needle-2" } },
    });
  }
  return provider;
}

const provider = await filled();

/** All that a filter gives, page by page. */
async function all(
  { get }: Asked,
  parameters: { [name: string]: string },
  limit: number,
): Promise<{ numbers: number[]; requests: number }> {
  const numbers: number[] = [];
  let from: string | undefined;
  for (let requests = 1;; requests++) {
    const page = await get("/api/events", { ...parameters, from, limit });
    assert(page.events.length <= limit);
    numbers.push(...page.events.map(({ event }: any) => event.number));
    if (page.next === null) return { numbers, requests };
    assert.notEqual(page.next, from);
    from = page.next;
  }
}

const numbers = Array.from({ length: 3000 }, (_, number) => number);
const filters: [
  { [name: string]: string },
  (number: number) => boolean,
][] = [
  [{}, () => true],
  [{ stream: "orders" }, (number) => number % 3 === 1],
  [{ aggregate: "id-7" }, (number) => number % 30 === 7],
  [{ aggregate: "id-7", stream: "orders" }, (number) => number % 30 === 7],
  [{ aggregate: "id-7", stream: "users" }, () => false],
  [{ stream: "nothing" }, () => false],
  [{ type: "Rare" }, (number) => number % 100 === 0],
  [
    { stream: "users", type: "Rare" },
    (number) => number % 100 === 0 && number % 3 === 2,
  ],
  [{ text: "NEEDLE" }, (number) => number === 7 || number === 8],
  [{ text: '"number":29' }, (number) => String(number).startsWith("29")],
  [{ since: new Date(start + 2_900_000).toISOString() }, (n) => n >= 2900],
  [{ until: new Date(start + 100_000).toISOString() }, (n) => n < 100],
  [{
    since: new Date(start + 1_000_000).toISOString(),
    until: new Date(start + 1_000_500).toISOString(),
  }, (n) => n === 1000],
  [{ since: "2027-01-01T00:00:00Z" }, () => false],
  [{ until: "2025-01-01T00:00:00Z" }, () => false],
];

for (const [parameters, isWanted] of filters) {
  test(`events by ${JSON.stringify(parameters)}, page by page in both orders`, async () => {
    const asked = ask(provider);
    const wanted = numbers.filter(isWanted);
    for (const limit of [200, 97]) {
      const oldest = await all(
        asked,
        { ...parameters, order: "oldest" },
        limit,
      );
      assert.deepEqual(oldest.numbers, wanted);
      const newest = await all(asked, parameters, limit);
      assert.deepEqual(newest.numbers, wanted.toReversed());
    }
  });
}

test("times are looked up, and not gone through", async () => {
  const { get } = ask(provider);
  for (const order of ["newest", "oldest"]) {
    const { events, scanned } = await get("/api/events", {
      order,
      since: new Date(start + 1_500_000).toISOString(),
      until: new Date(start + 1_500_003).toISOString(),
    });
    assert.equal(events.length, 1);
    assert(scanned <= 2000, `${order}: ${scanned} events were read`);
  }
});

test("a writer whose clock is late by half a minute is found all the same", async () => {
  const provider = memory();
  for (let number = 0; number < 300; number++) {
    const late = number % 7 === 0 ? 30_000 : 0;
    await append(provider, "a", "1", [{ type: "A", number }], {
      at: new Date(start + number * 1000 - late),
    });
  }
  const asked = ask(provider);
  const time = (number: number) =>
    number * 1000 - (number % 7 === 0 ? 30_000 : 0);
  const wanted = numbers.slice(0, 300).filter((number) =>
    time(number) >= 100_000 && time(number) < 110_000
  );
  const parameters = {
    since: new Date(start + 100_000).toISOString(),
    until: new Date(start + 110_000).toISOString(),
  };
  const newest = await all(asked, parameters, 50);
  assert.deepEqual(newest.numbers, wanted.toReversed());
});

test("a search reads 10,000 events a request, and says where to go on", async () => {
  const long = memory();
  for (let number = 0; number < 12; number++) {
    const some = Array.from({ length: 1000 }, (_, index) => ({
      type: "A",
      number: number * 1000 + index,
    }));
    await append(long, "a", `id-${number}`, some);
  }
  const { get } = ask(long);
  const first = await get("/api/events", { text: '"number":3}' });
  assert.deepEqual([first.events, first.scanned], [[], 10_000]);
  assert.equal(first.next, "2001");
  const second = await get("/api/events", {
    text: '"number":3}',
    from: first.next,
  });
  assert.equal(second.next, null);
  assert.deepEqual(second.events.map(({ event }: any) => event.number), [3]);
});

test("what cannot be meant is refused", async () => {
  const { refused } = ask(provider);
  for (
    const query of [
      "order=random",
      "limit=0",
      "limit=201",
      "limit=x",
      "limit=1e2",
      "from=x",
      "from=-1",
      "from=1.5",
      "since=yesterday",
      "stream=a%00b",
      `aggregate=${"x".repeat(1000)}`,
    ]
  ) {
    assert.deepEqual(
      await refused(`/api/events?${query}`),
      [400, "INVALID_INPUT"],
      query,
    );
  }
});

test("an empty store has no events, and nothing that fails", async () => {
  const { get } = ask(memory());
  assert.deepEqual(await get("/api/events"), {
    events: [],
    scanned: 0,
    next: null,
  });
  assert.deepEqual((await get("/api/streams")).streams, []);
  assert.equal((await get("/api/overview")).newest, null);
  assert.deepEqual((await get("/api/handlers")).handlers, []);
  assert.deepEqual(await get("/api/search", { text: "x" }), {
    aggregates: [],
    streams: [],
    events: [],
  });
  assert.deepEqual(
    (await get("/api/causation", { correlationId: "x" })).commands,
    [],
  );
});

test("a provider without a catalog says what it cannot", async () => {
  const { catalog: _, ...others } = memory();
  const { refused, get } = ask(others as Provider<any>);
  assert.deepEqual(await refused("/api/events"), [501, "NOT_SUPPORTED"]);
  assert.equal((await get("/api/overview")).capabilities.catalog, false);
});

test("streams have the rates of the newest events, and no count", async () => {
  const own = memory();
  const now = Date.now();
  await append(own, "quiet", "1", [{ type: "Old" }], {
    at: new Date(now - 86_400_000),
  });
  for (let number = 0; number < 1500; number++) {
    await append(own, number % 3 ? "busy" : "calm", "1", [{ type: "A" }], {
      at: new Date(now - 600_000 + number * 400),
    });
  }
  const { get } = ask(own);
  const { streams, sample } = await get("/api/streams");
  assert.equal(sample.events, 1000);
  const by = new Map<string, any>(streams.map((one: any) => [one.stream, one]));
  assert.deepEqual([...by.keys()], ["busy", "calm", "quiet"]);
  assert.equal(by.get("busy").recent + by.get("calm").recent, 1000);
  // 1,000 events, of 400 seconds.
  assert(Math.abs(by.get("busy").perMinute - 100) < 2);
  assert(Math.abs(by.get("calm").perMinute - 50) < 2);
  for (const { buckets, recent } of streams) {
    assert.equal(buckets.length, 30);
    assert.equal(buckets.reduce((a: number, b: number) => a + b), recent);
  }
  assert.equal(by.get("quiet").recent, 0);
  assert.equal(by.get("quiet").newest.type, "Old");
  assert.equal(by.get("busy").newest.aggregateId, "1");
});

test("search finds an aggregate, a stream, a position and a key", async () => {
  const { get } = ask(provider);
  const byId = await get("/api/search", { text: " id-7 " });
  assert.deepEqual(byId.aggregates, [
    { stream: "orders", aggregateId: "id-7", version: 100 },
  ]);
  const byStream = await get("/api/search", { text: "USER" });
  assert.deepEqual(byStream.streams, ["users"]);
  const byKey = await get("/api/search", { text: "orders/id-7@2" });
  assert.deepEqual(byKey.events.map(({ event }: any) => event.number), [37]);
  const byPosition = await get("/api/search", { text: "12" });
  assert.deepEqual(byPosition.events.map(({ position }: any) => position), [
    "12",
  ]);
  assert.deepEqual((await get("/api/search", { text: "99999" })).events, []);
  assert.deepEqual(
    (await get("/api/search", { text: "orders/id-7@999" })).events,
    [],
  );
  assert.deepEqual(
    (await get("/api/search", { text: "x".repeat(2000) })).aggregates,
    [],
  );
});
