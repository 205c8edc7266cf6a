import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { migrate } from "../../providers/sqlite.ts";
import { temporaryPath } from "../sqlite_database.ts";

type Span = {
  name: string;
  traceId: string;
  spanId: string;
  parent?: string;
  links: { traceId: string; spanId: string }[];
  attributes: Record<string, unknown>;
};

const worker = fileURLToPath(
  new URL("two_processes_worker.ts", import.meta.url),
);
const config = fileURLToPath(new URL("../../deno.json", import.meta.url));

/** Runs a task in a process of its own, and returns the spans that it made. */
async function run(
  path: string,
  task: string,
): Promise<{ pid: number; spans: Span[] }> {
  const runtime = "Deno" in globalThis
    ? ["run", "-A", "--no-check", "--config", config]
    : [];
  const child = spawn(process.execPath, [...runtime, worker, path, task], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 20_000,
  });
  let output = "";
  child.stdout.on("data", (data) => output += data);
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  assert.equal(code, 0, `${task}: ${output}`);
  return JSON.parse(output);
}

const named = (spans: Span[], name: string): Span[] =>
  spans.filter((span) => span.name === name);

const linkTo = ({ traceId, spanId }: Span) => [{ traceId, spanId }];

test("a callback in another process links to the command that made its event", async (t) => {
  const path = temporaryPath(t);
  await migrate({ path });
  const placing = await run(path, "place");
  const shipping = await run(path, "ship");
  const reading = await run(path, "read");
  const pids = [placing, shipping, reading].map(({ pid }) => pid);
  assert.equal(new Set([...pids, process.pid]).size, 4);

  const [request] = named(placing.spans, "POST /orders");
  const [place] = named(placing.spans, "command orders.place");
  assert.equal(place!.parent, request!.spanId);
  assert.equal(place!.traceId, request!.traceId);

  const [handle] = named(shipping.spans, "handle orders");
  const [ship] = named(shipping.spans, "command orders.ship");
  assert.deepEqual(handle!.links, linkTo(place!));
  assert.notEqual(handle!.traceId, place!.traceId);
  assert.equal(handle!.parent, undefined);
  assert.equal(ship!.parent, handle!.spanId);
  assert.equal(ship!.traceId, handle!.traceId);

  const handled = named(reading.spans, "handle orders");
  assert.deepEqual(handled.map(({ links }) => links), [
    linkTo(place!),
    linkTo(ship!),
  ]);
  // What came of one request is found by one id as well.
  assert.deepEqual(
    handled.map(({ attributes }) =>
      attributes["messaging.message.conversation_id"]
    ),
    ["request-1", "request-1"],
  );
});
