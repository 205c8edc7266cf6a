/**
 * Runs the same tests under Node and Bun: `deno task runtimes`. The runtimes are
 * taken from npm and kept outside the tree.
 *
 * Both strip types, but know no import map: the tests run on a copy of the tree
 * whose `package.json` gives the package's own names to its files.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { cacheFolder } from "./databases/cache.ts";
import { run } from "./databases/command.ts";

const minute = 60_000;

/** What is copied, and which of it are tests. */
const sources = [
  "mod.ts",
  "core",
  "providers",
  "testing",
  "tests/providers",
  "tests/conformance",
];
const tests = [
  "tests/providers/memory_test.ts",
  "tests/providers/sqlite_test.ts",
  "tests/providers/evtstore_12_test.ts",
  "tests/conformance/planted_faults_test.ts",
  "core/event_handler_test.ts",
  "core/command_executor_test.ts",
];

const runtimes: { name: string; package: string; args: string[] }[] = [
  { name: "node", package: "node@24", args: ["--test"] },
  { name: "bun", package: "bun@1.4.5", args: ["test"] },
];

async function mustRun(
  program: string,
  args: string[],
  cwd: string,
): Promise<string> {
  const { code, output } = await run(program, args, {
    cwd,
    timeout: 5 * minute,
  });
  if (code === 0) return output;
  throw new Error(
    `${program} ${args.join(" ")} failed:\n${output.slice(-8000)}`,
  );
}

/** The program of a runtime, installed once. */
async function install(name: string, specifier: string): Promise<string> {
  const folder = join(cacheFolder(), "runtimes", specifier);
  const program = join(folder, "node_modules", ".bin", name);
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), `{ "private": true }`);
    await mustRun(
      "npm",
      ["install", "--no-audit", "--no-fund", specifier],
      folder,
    );
  }
  return program;
}

/** A copy of the tree that is a package of the name that the tests import. */
async function copyTree(folder: string): Promise<void> {
  const { exports, imports } = JSON.parse(readFileSync("deno.json", "utf8"));
  for (const source of sources) {
    cpSync(source, join(folder, source), { recursive: true });
  }
  const [name, version] = imports["fast-check"].replace("npm:", "").split("@");
  const manifest = {
    name: "evtstore",
    type: "module",
    exports,
    dependencies: { [name]: version },
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  await mustRun("npm", ["install", "--no-audit", "--no-fund"], folder);
}

const folder = mkdtempSync(join(tmpdir(), "evtstore-runtimes-"));
try {
  await copyTree(folder);
  for (const { name, package: specifier, args } of runtimes) {
    const program = await install(name, specifier);
    const paths = tests.map((path) => `./${path}`);
    const output = await mustRun(program, [...args, ...paths], folder);
    const [passed] = /^(?:ℹ|#)? ?pass (\d+)|^ (\d+) pass/m.exec(output) ??
      ["?"];
    console.log(`${specifier}: ${passed.trim()}`);
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
