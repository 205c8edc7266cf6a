/**
 * Runs the suite on SQLite by Knex with `better-sqlite3` and `sqlite3`:
 *
 *     deno run -A scripts/native_sqlite.ts
 *
 * Their native addons are built from source where the package has none for this
 * machine, which takes a compiler and some minutes, once.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { cacheFolder } from "./databases/cache.ts";
import { lastLines, run } from "./databases/command.ts";

const minute = 60_000;
const file = "./tests/providers/knex_sqlite_native.ts";
const sources = ["mod.ts", "core", "providers", "testing", "tests/providers"];
const packages = {
  "better-sqlite3": "13.2.0",
  "sqlite3": "6.0.1",
  "knex": "3",
  "node": "24",
};

async function mustRun(
  program: string,
  args: string[],
  cwd: string,
  environment: Record<string, string> = {},
): Promise<string> {
  const options = { cwd, environment, timeout: 30 * minute };
  const { code, output } = await run(program, args, options);
  if (code === 0) return output;
  throw new Error(`${program} ${args.join(" ")}:\n${lastLines(output, 60)}`);
}

/** The folder with the packages, built once. */
async function install(): Promise<string> {
  const versions = Object.values(packages).join("-");
  const folder = join(cacheFolder(), `native-sqlite-${versions}`);
  if (existsSync(folder)) return folder;
  console.log("Installing the packages, and building what npm has not built");
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const { node, ...others } = packages;
  const add = (name: string, version: string, environment = {}) =>
    mustRun(
      "npm",
      ["install", "--no-audit", "--no-fund", `${name}@${version}`],
      unfinished,
      environment,
    );
  writeFileSync(join(unfinished, "package.json"), `{ "private": true }`);
  await add("node", node);
  const programs = join(unfinished, "node_modules", ".bin");
  const environment = {
    // The addons are for this Node, whose package has the headers too.
    PATH: `${programs}:${process.env.PATH}`,
    npm_config_nodedir: headersOf(unfinished),
  };
  for (const [name, version] of Object.entries(others)) {
    await add(name, version, environment);
  }
  renameSync(unfinished, folder);
  return folder;
}

function headersOf(folder: string): string {
  const name = `node-${process.platform}-${process.arch}`;
  const modules = join(folder, "node_modules");
  const folders = [
    join(modules, "node", "node_modules", name),
    join(modules, name),
  ];
  return folders.find(existsSync) ?? folders[0]!;
}

/** A copy of the tree that is a package of the name that the tests import. */
function copyTree(folder: string, modules: string): void {
  const configuration = JSON.parse(readFileSync("deno.json", "utf8"));
  for (const source of sources) {
    cpSync(source, join(folder, source), { recursive: true });
  }
  const { node: _, ...dependencies } = packages;
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({
      name: "evtstore",
      type: "module",
      exports: configuration.exports,
      dependencies,
    }),
  );
  writeFileSync(
    join(folder, "deno.json"),
    JSON.stringify({ ...configuration, nodeModulesDir: "manual" }),
  );
  symlinkSync(join(modules, "node_modules"), join(folder, "node_modules"));
}

const folder = mkdtempSync(join(tmpdir(), "evtstore-native-"));
try {
  const modules = await install();
  copyTree(folder, modules);
  const node = join(modules, "node_modules", ".bin", "node");
  const runs = [
    { name: "better-sqlite3 on Node", program: node, args: ["--test", file] },
    { name: "sqlite3 on Node", program: node, args: ["--test", file] },
    ...["better-sqlite3", "sqlite3"].map((client) => ({
      name: `${client} on Deno`,
      program: process.execPath,
      args: ["test", "--allow-all", "--no-check", file],
    })),
  ];
  for (const { name, program, args } of runs) {
    const startedAt = performance.now();
    const [client = ""] = name.split(" ");
    const output = await mustRun(program, args, folder, {
      SQLITE_CLIENTS: client,
    });
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const [, onNode, onDeno] = /pass (\d+)|\((\d+) steps\)/.exec(output) ?? [];
    console.log(`${name}: ${onNode ?? onDeno} passed (${seconds} s)`);
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
