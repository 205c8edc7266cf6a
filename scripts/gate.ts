/**
 * The gate: format, lint, documentation, types and all tests on all databases.
 * `deno task test` runs it, and `.ci/run` runs that.
 *
 * Databases are started where they do not run yet, and stopped again. A test of
 * `core/`, `providers/`, `spec/` or `opentelemetry/` that is named needs none.
 * With `CI` in the environment a database that cannot be started fails the run;
 * without it, one line says which tests were left out.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { chromiumIfThere } from "./chromium.ts";
import {
  startDatabases,
  type StartedDatabases,
  stopDatabases,
} from "./databases.ts";
import { countTests, type TestCounts } from "./test_counts.ts";

const entryPoints = Object.values(
  JSON.parse(readFileSync("deno.json", "utf8")).exports as Record<
    string,
    string
  >,
);

/** Everything that must hold before the tests are worth running. */
const checks: Record<string, string[]> = {
  format: ["fmt", "--check"],
  lint: ["lint"],
  documentation: ["doc", "--lint", ...entryPoints],
  "types, also of the code in docstrings": ["check", "--doc", "."],
};

/** The folders whose tests ask no database. */
const alone = /^(\.\/)?(core|providers|spec|opentelemetry)(\/|$)/;

const failures: string[] = [];

function deno(
  args: string[],
  environment: Record<string, string> = {},
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: "inherit",
      env: { ...process.env, ...environment },
    });
    child.on("error", reject);
    child.on("close", (code) => resolve(code === 0));
  });
}

async function step(name: string, work: () => Promise<boolean>): Promise<void> {
  console.log(`\n# ${name}`);
  const startedAt = performance.now();
  const passed = await work();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`# ${name}: ${passed ? "passed" : "FAILED"} (${seconds} s)`);
  if (!passed) failures.push(name);
}

/** The addresses of the databases, as the tests expect them. */
function addresses(databases: StartedDatabases): Record<string, string> {
  const found: Record<string, string> = {};
  for (const database of databases) {
    if (database.status === "running") {
      found[database.environmentVariable] = database.url;
    } else console.log(`${database.name} is missing: ${database.reason}`);
  }
  return found;
}

async function runTests(paths: string[]): Promise<TestCounts> {
  const folder = mkdtempSync(join(tmpdir(), "evtstore-test-"));
  const report = join(folder, "report.xml");
  let databases: StartedDatabases = [];
  try {
    if (paths.length === 0 || !paths.every((path) => alone.test(path))) {
      await step("databases", async () => {
        databases = await startDatabases(undefined, { say: console.log });
        const missing = databases.filter(({ status }) => status === "missing");
        return missing.length === 0 || !process.env.CI;
      });
    }
    const environment = addresses(databases);
    if (paths.length === 0 || paths.some((path) => /studio/.test(path))) {
      await step("Chromium", async () => {
        const program = await chromiumIfThere(console.log);
        if (program) environment["CHROMIUM_PATH"] = program;
        return program !== undefined || !process.env.CI;
      });
    }
    await step("tests", () =>
      deno([
        "test",
        "--allow-all",
        "--doc",
        "--no-check",
        "--parallel",
        "--reporter=dot",
        `--junit-path=${report}`,
        ...paths,
      ], environment));
    return countTests(readFileSync(report, "utf8"));
  } finally {
    const ours = databases
      .filter((one) => one.status === "running" && one.startedByUs)
      .map(({ name }) => name);
    if (ours.length > 0) await stopDatabases(ours);
    rmSync(folder, { recursive: true });
  }
}

const paths = process.argv.slice(2);
if (paths.length === 0) {
  for (const [name, args] of Object.entries(checks)) {
    await step(name, () => deno(args));
  }
}
const counts = await runTests(paths);
if (paths.length === 0) {
  await step(
    "the npm package, on Node, Bun and Deno",
    () => deno(["run", "--allow-all", "scripts/check_npm.ts"]),
  );
}
if (failures.length > 0) console.log(`\nFailed: ${failures.join(", ")}`);
// A check that failed is not among the tests: the line must not look like a pass.
const failed = Math.max(counts.failed, failures.length);
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
console.log(`\n${counts.passed} passed, ${failed} failed${skipped}`);
process.exitCode = failed > 0 ? 1 : 0;
