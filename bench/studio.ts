/**
 * How long the studio takes for what its page asks at first, on a log of a
 * million events: `deno run -A --no-check bench/studio.ts [events]`.
 *
 * On SQLite, and on PostgreSQL where `POSTGRES_URL` names one. Each request is
 * made to a studio that has just been opened, as the first one of a page is.
 */
import { createStudio } from "evtstore/studio";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { openDatabase } from "../cli/databases.ts";
import type { Provider } from "../core/provider.ts";

const EVENTS = Number(process.argv[2] ?? 1_000_000);
const STREAMS = 20;
const BATCH = 1000;
const ROUNDS = 7;

async function fill(provider: Provider<any>): Promise<void> {
  const start = Date.now() - EVENTS * 100;
  for (let number = 0; number < EVENTS; number += BATCH) {
    const stream = `stream-${number / BATCH % STREAMS}`;
    const events = provider.createEvents(
      stream,
      `id-${number}`,
      1,
      Array.from({ length: BATCH }, (_, index) => ({
        type: index % 3 === 0 ? "Added" : "Changed",
        number: number + index,
        text: "what an event has, of about a hundred characters, as they are",
      })),
    );
    for (const [index, one] of events.entries()) {
      one.timestamp = new Date(start + (number + index) * 100);
    }
    await provider.append(stream, `id-${number}`, 1, events);
  }
  await provider.append(
    "rare",
    "r",
    1,
    provider.createEvents("rare", "r", 1, [{ type: "Rare" }]),
  );
}

async function measure(name: string, provider: Provider<any>): Promise<void> {
  const token = crypto.randomUUID();
  const headers = { authorization: `Bearer ${token}` };
  const ask = async (
    studio: ReturnType<typeof createStudio>,
    path: string,
  ): Promise<any> => {
    const url = `http://localhost:4983${path}`;
    const response = await studio(new Request(url, { headers }));
    if (response.status !== 200) throw new Error(await response.text());
    return path.startsWith("/api") ? await response.json() : response.text();
  };
  const middle = new Date(Date.now() - EVENTS * 50).toISOString();
  const requests: { [what: string]: string[] } = {
    "first paint": [
      "/",
      "/studio.js",
      "/studio.css",
      "/api/overview",
      "/api/streams",
      "/api/events",
    ],
    "newest 50": ["/api/events"],
    "oldest 50": ["/api/events?order=oldest"],
    "newest of a stream": ["/api/events?stream=stream-3"],
    "newest of the rarest stream": ["/api/events?stream=rare"],
    "of a time in the middle": [`/api/events?until=${middle}`],
    "text, 10,000 events": ["/api/events?text=nothing-has-it"],
    "an aggregate of 1,000": ["/api/aggregate?stream=stream-3&id=id-3000"],
    "an id, in all streams": ["/api/search?text=id-500000"],
  };
  for (const [what, paths] of Object.entries(requests)) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const studio = createStudio(provider, { token });
      const startedAt = performance.now();
      await Promise.all(paths.map((path) => ask(studio, path)));
      times.push(performance.now() - startedAt);
    }
    const sorted = times.toSorted((a, b) => a - b);
    console.log(
      `${name}  ${what.padEnd(28)} first ${times[0]!.toFixed(0)} ms, median ${
        sorted[ROUNDS >> 1]!.toFixed(0)
      } ms, most ${sorted.at(-1)!.toFixed(0)} ms`,
    );
  }
}

async function run(name: string, values: Parameters<typeof openDatabase>[0]) {
  const opened = await openDatabase(values);
  try {
    await opened.migrate!();
    const startedAt = performance.now();
    await fill(opened.provider);
    const seconds = (performance.now() - startedAt) / 1000;
    console.log(
      `${name}  ${EVENTS} events were stored in ${seconds.toFixed()} s`,
    );
    await measure(name, opened.provider);
  } finally {
    await opened.close();
  }
}

const folder = mkdtempSync(join(tmpdir(), "evtstore-studio-"));
const common = { cwd: folder, mayCreate: true };
try {
  await run("SQLite    ", { ...common, url: "studio.db" });
  const url = process.env.POSTGRES_URL;
  if (url) {
    const { default: pg } = await import("pg");
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const schema = `studio_${Date.now()}`;
    await client.query(`CREATE SCHEMA ${schema}`);
    try {
      const own = new URL(url);
      own.searchParams.set("options", `-c search_path=${schema}`);
      await run("PostgreSQL", { ...common, url: own.href });
    } finally {
      await client.query(`DROP SCHEMA ${schema} CASCADE`);
      await client.end();
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
