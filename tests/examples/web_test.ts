import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createApp } from "../../examples/web/app.ts";
import { openTickets } from "../../examples/web/tickets.ts";

async function setUp(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "evtstore-web-"));
  const tickets = await openTickets(join(folder, "tickets.db"));
  t.after(async () => {
    await tickets.close();
    rmSync(folder, { recursive: true });
  });
  const app = createApp(tickets);
  const send = async (
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => {
    const response = await app.request(path, {
      ...body !== undefined &&
        { method: "POST", body: JSON.stringify(body) },
      headers,
    });
    const text = await response.text();
    const json = /json/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, body: json ? JSON.parse(text) : text };
  };
  return { ...tickets, send };
}

test("a command goes in, the read model that shows it comes out", async (t) => {
  const { send, handler } = await setUp(t);
  handler.start();
  const { status, body: { id, version } } = await send("/tickets", {
    title: "The printer is on fire",
  });
  assert.equal(status, 201);
  assert.equal(version, 1);
  const path = `/tickets/${id}`;
  const { body: first } = await send(`${path}?after=${id}@1`);
  assert.deepEqual(first, {
    id,
    version: 1,
    title: "The printer is on fire",
    assignee: "",
    state: "open",
  });
  await send(`${path}/assign`, { to: "Ada" });
  const closed = await send(`${path}/close`, { reason: "It went out" });
  assert.deepEqual(closed.body, { id, version: 3 });
  const { body: open } = await send(`/tickets?after=${id}@3`);
  assert.deepEqual(open, []);
  const { body: all } = await send(`/tickets?state=closed`);
  assert.deepEqual(all.map((card: any) => [card.id, card.assignee]), [
    [id, "Ada"],
  ]);
  assert.equal((await send("/health/live")).status, 200);
  const { status: ready, body: health } = await send("/health/ready");
  assert.equal(ready, 200);
  assert.deepEqual(health.reasons, []);
});

test("a request that is sent twice is stored once", async (t) => {
  const { send } = await setUp(t);
  const { body: { id } } = await send("/tickets", { title: "Twice" });
  const key = { "idempotency-key": "assign-1" };
  const path = `/tickets/${id}/assign`;
  assert.equal((await send(path, { to: "Ada" }, key)).body.version, 2);
  assert.equal((await send(path, { to: "Ada" }, key)).body.version, 2);
});

test("what is refused says why", async (t) => {
  const { send } = await setUp(t);
  const { body: { id } } = await send("/tickets", { title: "Refused" });
  const path = `/tickets/${id}`;
  const stale = await send(`${path}/assign`, { to: "Ada" }, {
    "if-match": '"7"',
  });
  assert.equal(stale.status, 412);
  assert.equal((await send(`${path}/assign`, {})).status, 400);
  assert.equal((await send(`${path}/close`, { reason: "done" })).status, 200);
  const late = await send(`${path}/assign`, { to: "Ada" });
  assert.equal(late.status, 409);
  assert.equal(late.body.code, "CLOSED");
  const unknown = await send(`/tickets/nobody/close`, { reason: "done" });
  assert.equal(unknown.status, 404);
  assert.equal((await send("/tickets/nobody")).status, 404);
  const behind = await send(`${path}?after=${id}@x`);
  assert.equal(behind.status, 400);
});
