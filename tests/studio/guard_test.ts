import { createStudio } from "evtstore/studio";
import assert from "node:assert/strict";
import { test } from "node:test";
import { append, ask, memory, TOKEN } from "./support.ts";

const paths = [
  "/",
  "/studio.js",
  "/studio.css",
  "/api/overview",
  "/api/streams",
  "/api/events",
  "/api/tail",
  "/api/aggregate",
  "/api/state",
  "/api/causation",
  "/api/handled",
  "/api/handlers",
  "/api/parked",
  "/api/search",
  "/api/retry",
  "/api/discard",
  "/nothing",
];

test("nothing is answered without the token, or with another one", async () => {
  const studio = createStudio(memory(), { token: TOKEN, write: true });
  for (const path of paths) {
    for (
      const headers of [
        {},
        { authorization: "Bearer another-token-0" },
        { cookie: "evtstore-studio-4983=another-token-0" },
        { cookie: `evtstore-studio-4984=${TOKEN}` },
        { cookie: `token=${TOKEN}` },
      ] as { [name: string]: string }[]
    ) {
      const url = `http://localhost:4983${path}`;
      const response = await studio(new Request(url, { headers }));
      assert.equal(response.status, 401, path);
      assert.equal((await response.json()).error.code, "UNAUTHORIZED");
    }
  }
  const wrong = "http://localhost:4983/?token=another-token-0";
  assert.equal((await studio(new Request(wrong))).status, 401);
  // It opens the page, and nothing but the page.
  const other = `http://localhost:4983/api/overview?token=${TOKEN}`;
  assert.equal((await studio(new Request(other))).status, 401);
});

test("no byte of a token is left out where it is compared", async () => {
  const studio = createStudio(memory(), { token: TOKEN });
  for (let number = 0; number < 1500; number++) {
    const headers = { authorization: `Bearer another-token-${number}` };
    const request = new Request("http://localhost/api/overview", { headers });
    assert.equal((await studio(request)).status, 401);
  }
});

test("the printed address gives the page and a cookie that lets in", async () => {
  const studio = createStudio(memory(), { token: TOKEN });
  const url = `http://127.0.0.1:4983/?token=${TOKEN}`;
  const page = await studio(new Request(url));
  assert.equal(page.status, 200);
  assert.match(page.headers.get("content-type")!, /^text\/html/);
  const cookie = page.headers.get("set-cookie")!;
  assert.equal(
    cookie,
    `evtstore-studio-4983=${TOKEN}; Path=/; HttpOnly; SameSite=Strict`,
  );
  const headers = { cookie: `other=1; ${cookie.split(";")[0]}` };
  for (const path of ["/", "/studio.js", "/studio.css", "/api/overview"]) {
    const url = `http://127.0.0.1:4983${path}`;
    const response = await studio(new Request(url, { headers }));
    assert.equal(response.status, 200, path);
    assert.equal(response.headers.get("set-cookie"), null);
  }
});

test("a foreign host, origin or site is refused, also with the token", async () => {
  const studio = createStudio(memory(), { token: TOKEN, write: true });
  const authorization = `Bearer ${TOKEN}`;
  const code = async (url: string, headers: { [name: string]: string }) => {
    const request = new Request(url, {
      headers: { authorization, ...headers },
    });
    const response = await studio(request);
    if (response.status === 200) return 200;
    return (await response.json()).error.code;
  };
  const own = "http://localhost:4983/api/overview";
  for (
    const [url, headers] of [
      ["http://evil.example:4983/api/overview", {}],
      ["http://127.0.0.1.evil.example/api/overview", {}],
      ["http://localhost.evil.example:4983/api/overview", {}],
      [own, { host: "evil.example:4983" }],
      ["http://evil.example/api/overview", { host: "localhost:4983" }],
      [own, { origin: "http://evil.example" }],
      [own, { origin: "http://localhost:3000" }],
      [own, { origin: "http://localhost:49830" }],
      [own, { origin: "null" }],
      [own, { origin: "" }],
      [own, { "sec-fetch-site": "cross-site" }],
      // Another program of this machine is the same site, and somebody else.
      [own, { "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" }],
    ] as [string, { [name: string]: string }][]
  ) {
    assert.equal(await code(url, headers), "FORBIDDEN", url);
  }
  for (
    const [url, headers] of [
      [own, {}],
      [own, { origin: "http://localhost:4983" }],
      [own, { "sec-fetch-site": "same-origin" }],
      [own, { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" }],
      ["http://127.0.0.1:4983/api/overview", {}],
      ["http://[::1]:4983/api/overview", {}],
    ] as [string, { [name: string]: string }][]
  ) {
    assert.equal(await code(url, headers), 200, url);
  }
});

test("hosts that are given are the only ones", async () => {
  const { fetch } = ask(memory(), { hosts: ["127.0.0.1:7000"] });
  assert.equal((await fetch("/api/overview")).status, 403);
  const { fetch: other } = ask(memory(), { hosts: ["localhost:4983"] });
  assert.equal((await other("/api/overview")).status, 200);
});

test("what changes something needs --write, POST and JSON", async () => {
  const body = JSON.stringify({ bookmark: "b", stream: "s", aggregateId: "i" });
  const headers = { "content-type": "application/json" };
  const readOnly = ask(memory());
  const writing = ask(memory(), { write: true });
  for (const path of ["/api/retry", "/api/discard"]) {
    assert.deepEqual(
      await readOnly.refused(path, { method: "POST", headers, body }),
      [403, "READ_ONLY"],
    );
    assert.deepEqual(
      await writing.refused(path),
      [405, "METHOD_NOT_ALLOWED"],
    );
    for (
      const type of ["text/plain", "application/x-www-form-urlencoded", ""]
    ) {
      assert.deepEqual(
        await writing.refused(path, {
          method: "POST",
          headers: { "content-type": type },
          body,
        }),
        [415, "UNSUPPORTED_MEDIA_TYPE"],
      );
    }
    for (const wrong of ["", "{", "null", "[]", "{}", '{"bookmark":1}']) {
      assert.deepEqual(
        await writing.refused(path, { method: "POST", headers, body: wrong }),
        [400, "INVALID_INPUT"],
      );
    }
  }
  for (const path of ["/", "/api/overview", "/api/events"]) {
    assert.deepEqual(
      await writing.refused(path, { method: "POST", headers, body }),
      [405, "METHOD_NOT_ALLOWED"],
    );
  }
  for (const path of ["/nothing", "/api", "/__proto__", "/api/toString"]) {
    assert.deepEqual(await writing.refused(path), [404, "NOT_FOUND"]);
  }
});

test("every answer has the headers that keep it to itself", async () => {
  const { fetch } = ask(memory());
  for (const path of [...paths, `/?token=${TOKEN}`]) {
    const response = await fetch(path);
    const { headers } = response;
    await response.body?.cancel();
    const policy = headers.get("content-security-policy")!;
    for (
      const rule of [
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
      ]
    ) assert(policy.split("; ").includes(rule), `${path}: ${rule}`);
    assert.doesNotMatch(policy, /unsafe|\*|http/);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("cross-origin-opener-policy"), "same-origin");
    assert.equal(headers.get("cross-origin-resource-policy"), "same-origin");
    assert.equal(headers.get("access-control-allow-origin"), null);
  }
});

test("a hostile payload comes back as data, in JSON that cannot be a page", async () => {
  const provider = memory();
  const hostile = `</script><script>alert(1)</script><img src=x onerror="a()">`;
  const payload = JSON.parse(`{
    "type": ${JSON.stringify(hostile)},
    "__proto__": { "polluted": true },
    "constructor": { "prototype": { "polluted": true } },
    "text": ${JSON.stringify(hostile + "\u2028\u202e\u0007")}
  }`);
  await append(provider, "stream<b>", `id${hostile}`, [payload], {
    metadata: { correlationId: hostile },
  });
  const { get } = ask(provider);
  const { events: [event] } = await get("/api/events");
  assert.equal(event.type, hostile);
  assert.equal(event.aggregateId, `id${hostile}`);
  assert.equal(event.event.text, hostile + "\u2028\u202e\u0007");
  assert.equal(event.metadata.correlationId, hostile);
  assert.equal(event.polluted, undefined);
  const found = await get("/api/aggregate", {
    stream: "stream<b>",
    id: `id${hostile}`,
  });
  assert.equal(found.events[0].event.text, event.event.text);
});

test("an error says what the library says, and not where the database is", async () => {
  const provider = memory();
  const secret = "postgres://bank:s3cret@db.example/bank";
  const reported: unknown[] = [];
  const { fetch } = ask({
    ...provider,
    catalog: {
      ...provider.catalog!,
      streams: () => Promise.reject(new Error(`connect to ${secret} failed`)),
    },
  }, { onError: (error) => reported.push(error) });
  const response = await fetch("/api/streams");
  const text = await response.text();
  assert.equal(response.status, 500);
  assert.equal(JSON.parse(text).error.code, "STORE_FAILED");
  assert.doesNotMatch(text, /s3cret|db\.example/);
  assert.match(String(reported[0]), /s3cret/);
});

test("an error of the library keeps its code, and loses an address", async () => {
  const { StoreError } = await import("evtstore");
  const provider = memory();
  const { fetch } = ask({
    ...provider,
    getLastEventFor: () =>
      Promise.reject(
        new StoreError(
          "CONNECTION_LOST",
          "No way to postgres://bank:s3cret@db.example/bank now",
        ),
      ),
  });
  await append(provider, "a", "1", [{ type: "A" }]);
  const response = await fetch("/api/overview");
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), {
    error: { code: "CONNECTION_LOST", message: "No way to (address) now" },
  });
});

test("a token that could be guessed is refused", () => {
  for (
    const token of [
      "",
      "short",
      "has a space in its middle",
      "a;b=cdefghijklmnop",
    ]
  ) {
    assert.throws(() => createStudio(memory(), { token }), TypeError);
  }
});
