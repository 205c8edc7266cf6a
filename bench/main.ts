/**
 * Compares this library with plain SQL, its predecessor and Emmett, by the same
 * drivers on the same servers:
 *
 *     deno task bench [--suite pg] [--measure append] [--rounds 7] [--write]
 *     deno task bench --processor [--suite pg] [--small]
 *     deno task bench --scale [1000000]
 *     deno task bench --memory
 *     deno task bench --latency [--suite mariadb]
 *     deno task bench --features [--before fffe575] [--rounds 7]
 *     deno task bench --capacity [--suite pg]
 *     deno task bench --sharding [--suite pg] [--processes 1,2,4]
 *     deno task bench --simulate [--processes 4] [--kill 20] …
 *
 * With `--write` it keeps the results in docs/performance.json, in the tables
 * of docs/performance.md and in docs/performance.svg.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { startDatabases } from "../scripts/databases.ts";
import { runCapacity } from "./capacity.ts";
import { toChart } from "./chart.ts";
import { BEFORE_FEATURES, runFeatures } from "./features.ts";
import { runHandlerLatency } from "./handler_latency.ts";
import { FULL, SMALL } from "./measures.ts";
import { natsSuite } from "./nats_suite.ts";
import {
  knexSqliteSuite,
  mariadbSuite,
  mongoSuite,
  neo4jSuite,
  sqliteSuite,
} from "./other_suites.ts";
import { postgresSuites } from "./postgres_suites.ts";
import { runProcessor, type ServedSuite } from "./processor.ts";
import { measureSuite, type Result } from "./results.ts";
import { runScale } from "./scale.ts";
import { runSharding } from "./sharding.ts";
import { planOptions, toPlan } from "./simulator_plan.ts";
import { reportSimulation } from "./simulator_report.ts";
import type { Suite } from "./suite.ts";
import { toTables } from "./table.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    rounds: { type: "string", default: "7" },
    suite: { type: "string" },
    measure: { type: "string" },
    only: { type: "string" },
    small: { type: "boolean" },
    write: { type: "boolean" },
    processor: { type: "boolean" },
    scale: { type: "boolean" },
    memory: { type: "boolean" },
    latency: { type: "boolean" },
    features: { type: "boolean" },
    before: { type: "string", default: BEFORE_FEATURES },
    events: { type: "string", default: "1000000" },
    capacity: { type: "boolean" },
    sharding: { type: "boolean" },
    simulate: { type: "boolean" },
    ...Object.fromEntries(
      planOptions.map(([, option]) => [option, { type: "string" as const }]),
    ),
  },
});
const say = (line: string) => console.log(line);

// A peer leaves connections open to the database that is dropped behind it.
process.on("uncaughtException", (error) => {
  if (!/terminating connection/.test(error.message)) throw error;
});

const makers: { [database: string]: (url: string) => Suite[] } = {
  postgres18: postgresSuites,
  mariadb: (url) => [mariadbSuite(url)],
  mongodb: (url) => [mongoSuite(url)],
  nats: (url) => [natsSuite(url)],
  neo4j: (url) => [neo4jSuite(url)],
};

if (values.simulate) {
  await reportSimulation(toPlan(values), say);
} else if (values.sharding) {
  const { processes = "1,2,4" }: { [option: string]: unknown } = values;
  await startDatabases(["postgres18", "mongodb", "nats"], { say });
  const counts = String(processes).split(",").map(Number).filter(Boolean);
  await runSharding(values.suite ?? "", counts, say);
} else if (values.capacity) {
  const names = ["postgres18", "mongodb", "nats"];
  const urls = (await startDatabases(names, { say })).flatMap((one) =>
    one.status === "running" ? [[one.name, one.url]] : []
  );
  await runCapacity(Object.fromEntries(urls), values.suite ?? "", say);
} else if (values.latency) {
  await startDatabases(undefined, { say });
  await runHandlerLatency(values.suite ?? "", say);
} else if (values.scale || values.memory || values.features) {
  const [server] = await startDatabases(["postgres18"], { say });
  if (server?.status !== "running") throw new Error(server?.reason);
  const events = Number(values.events);
  if (values.scale) await runScale(server.url, events, say);
  if (values.features) {
    await runFeatures(values.before, Number(values.rounds), server.url, say);
  }
  if (values.memory) {
    // Not in this process, which has loaded every driver and peer.
    const worker = import.meta.resolve("./memory_worker.ts");
    const args = ["run", "-A", "--no-check", worker, server.url, `${events}`];
    execFileSync(Deno.execPath(), args, { stdio: "inherit" });
  }
} else {
  const suites: ServedSuite[] = [
    { suite: sqliteSuite() },
    { suite: knexSqliteSuite() },
  ];
  for (const database of await startDatabases(Object.keys(makers), { say })) {
    if (database.status === "running") {
      const server = database.url;
      suites.push(
        ...makers[database.name]!(server).map((suite) => ({ suite, server })),
      );
    } else say(`Without ${database.name}: ${database.reason}`);
  }
  const results: Result[] = [];
  const run = {
    size: values.small ? SMALL : FULL,
    rounds: Number(values.rounds),
    ...(values.measure ? { measures: new RegExp(values.measure) } : {}),
    say,
  };
  for (const { suite, server } of suites) {
    if (values.suite && !suite.name.startsWith(values.suite)) continue;
    if (values.processor) {
      await runProcessor({ suite, ...server ? { server } : {} }, run);
      continue;
    }
    try {
      results.push(
        ...await measureSuite(suite, {
          ...run,
          ...(values.only ? { only: values.only.split(",") } : {}),
        }),
      );
    } catch (error) {
      // One server that fails must not cost the figures of the others.
      console.error(suite.name, error);
      process.exitCode = 1;
    }
    if (values.write) write(results);
  }
  if (!values.processor) say(`\n${toTables(results)}`);
}

/** Keeps the results, beside those of what was not measured this time. */
function write(measured: Result[]): void {
  const path = "docs/performance.json";
  const before: Result[] = existsSync(path)
    ? JSON.parse(readFileSync(path, "utf8")).results
    : [];
  const isNew = (old: Result) =>
    measured.some((one) =>
      one.suite === old.suite && one.measure === old.measure
    );
  const results = [...before.filter((old) => !isNew(old)), ...measured];
  const machine = `${cpus().length} cores, ${cpus()[0]?.model}`;
  const runtime = navigator.userAgent;
  const load = loadavg()[0]!;
  writeFileSync(
    path,
    `${JSON.stringify({ machine, runtime, load, results }, null, 2)}\n`,
  );
  const page = readFileSync("docs/performance.md", "utf8");
  writeFileSync(
    "docs/performance.md",
    page.replace(
      /(<!-- figures -->)[^]*(<!-- end of figures -->)/,
      (_all, begin, end) => `${begin}\n\n${toTables(results)}\n\n${end}`,
    ),
  );
  const [first] = results.filter(({ suite }) => suite.startsWith("pg"));
  const suite = (first ?? results[0])?.suite;
  if (suite) writeFileSync("docs/performance.svg", toChart(results, suite));
}

// A peer may leave something open.
process.exit();
