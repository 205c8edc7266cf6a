/**
 * The tests of the providers, the samples of README.md and docs/index.md and unit
 * tests of the core, run against the installed package on every runtime, by
 * `import` and by `require`; and what a reader has copied from docs/start.md.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { run } from "../databases/command.ts";
import { type ModuleKind, reach, toJavaScript } from "./compile.ts";
import {
  frontPageSample,
  inFunction,
  readmeSample,
  startPage,
} from "./readme.ts";
import type { Cell } from "./table.ts";
import { installTools } from "./tools.ts";

const minute = 60_000;

type Runtime = {
  name: string;
  /** What it is on npm; none is the one that runs this. */
  package?: readonly [name: "node" | "bun", version: string];
  test: string[];
  run: string[];
  /** Makes it load the CommonJS copy by `require`. */
  withoutModuleSync?: string;
  hasSqlite: boolean;
  /** Runs a file of TypeScript as it is. */
  hasTypes: boolean;
};

const node = (version: string): Runtime => ({
  name: `Node ${version}`,
  package: ["node", version],
  test: ["--test", "--test-concurrency=4"],
  run: [],
  withoutModuleSync: "--no-experimental-require-module",
  hasSqlite: version !== "20",
  hasTypes: version !== "20",
});

const runtimes: Runtime[] = [
  node("20"),
  node("22"),
  node("24"),
  node("26"),
  {
    name: "Bun",
    package: ["bun", "1.4.5"],
    test: ["test"],
    run: ["run"],
    hasSqlite: true,
    hasTypes: true,
  },
  {
    name: "Deno",
    test: [
      "test",
      "--allow-all",
      "--no-check",
      "--parallel",
      "--node-modules-dir=manual",
    ],
    run: ["run", "--allow-all", "--no-check", "--node-modules-dir=manual"],
    hasSqlite: true,
    hasTypes: true,
  },
];

const tests = [
  "tests/package/entry_points.ts",
  "tests/package/command_line.ts",
  "tests/providers/memory_test.ts",
  "tests/providers/evtstore_12_test.ts",
  "tests/types/original_readme_test.ts",
];
const sqliteTests = ["tests/providers/sqlite_test.ts"];
/** Deno runs these as they are; elsewhere timers and microtasks differ. */
const coreTests = [
  "core/event_handler_test.ts",
  "core/command_executor_test.ts",
];

export const columns: string[] = ["import", "require", "both"];

/** A row a runtime, and for each column what to run. */
export async function runtimeRows(
  application: string,
): Promise<Map<string, (() => Promise<Cell>)[]>> {
  for (const kind of ["esm", "cjs"] as const) writeTests(application, kind);
  const rows = new Map<string, (() => Promise<Cell>)[]>();
  for (const runtime of runtimes) {
    const program = await install(runtime);
    const row = new Application(application, runtime, program);
    rows.set(runtime.name, [
      () => row.test("esm", []),
      () => row.test("cjs", [runtime.withoutModuleSync ?? []].flat()),
      () => row.testCopies(),
    ]);
  }
  return rows;
}

async function install(runtime: Runtime): Promise<string> {
  if (!runtime.package) return process.execPath;
  const [name, version] = runtime.package;
  const folder = await installTools(name, { [name]: version });
  return join(folder, "node_modules", ".bin", name);
}

/** Writes the tests as the JavaScript of one kind of modules. */
function writeTests(application: string, kind: ModuleKind): void {
  const folder = join(application, kind);
  const read = (path: string) => readFileSync(path, "utf8");
  const modules = reach([
    ...tests,
    ...sqliteTests,
    ...coreTests,
    "tests/package/without_sqlite.ts",
    "tests/package/copies.ts",
  ], read);
  const samples = { readme: readmeSample(), index: frontPageSample().text };
  for (const [name, text] of Object.entries(samples)) {
    modules.set(`${name}.ts`, kind === "esm" ? text : inFunction(text));
  }
  for (const [path, text] of toJavaScript(modules, kind)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const type = kind === "esm" ? "module" : "commonjs";
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type }));
}

/** The installed package, used on one runtime. */
class Application {
  readonly #folder: string;
  readonly #runtime: Runtime;
  readonly #program: string;

  constructor(folder: string, runtime: Runtime, program: string) {
    this.#folder = folder;
    this.#runtime = runtime;
    this.#program = program;
  }

  async test(kind: ModuleKind, flags: string[]): Promise<Cell> {
    const { hasSqlite, name } = this.#runtime;
    const files = [
      ...tests,
      ...hasSqlite ? sqliteTests : ["tests/package/without_sqlite.ts"],
      ...name === "Deno" ? [] : coreTests,
    ];
    const tested = await this.#tests(kind, flags, files);
    if (tested.failure) return tested;
    const works = {
      "README.md": () => this.#readme(kind, flags),
      "docs/index.md": () => this.#frontPage(kind, flags),
      "docs/start.md": () => this.#startPage(kind),
    };
    for (const [page, work] of Object.entries(works)) {
      const failure = await work();
      if (failure !== undefined) return { text: `${page} FAILED`, failure };
    }
    return tested;
  }

  /** Whether both ways of loading give one copy, or two that get along. */
  async testCopies(): Promise<Cell> {
    const files = ["tests/package/copies.ts"];
    const flag = this.#runtime.withoutModuleSync;
    if (!flag) return await this.#tests("esm", [], files);
    const one = await this.#tests("esm", [], files, { EVTSTORE_COPIES: "1" });
    if (one.failure) return one;
    return await this.#tests("esm", [flag], files, { EVTSTORE_COPIES: "2" });
  }

  async #tests(
    kind: ModuleKind,
    flags: string[],
    files: string[],
    environment: Record<string, string> = {},
  ): Promise<Cell> {
    const paths = files.map((path) =>
      `./${kind}/${path.replace(/\.ts$/, ".js")}`
    );
    const { code, output } = await run(
      this.#program,
      [...flags, ...this.#runtime.test, ...paths],
      { cwd: this.#folder, timeout: 5 * minute, environment },
    );
    // TAP, the runner of Node, Bun, Deno.
    const passed = /^(?:# |ℹ )pass (\d+)|^ *(\d+) pass$|(\d+) passed/m
      .exec(output)?.slice(1).find((count) => count !== undefined);
    return code === 0 && Number(passed) > 0
      ? { text: `${passed} passed` }
      : { text: "FAILED", failure: output };
  }

  /** Runs the sample that needs no database; says what went wrong. */
  async #frontPage(
    kind: ModuleKind,
    flags: string[],
  ): Promise<string | undefined> {
    const file = join(kind, "index.js");
    const args = [...flags, ...this.#runtime.run, file];
    const { code, output } = await run(this.#program, args, {
      cwd: this.#folder,
      timeout: 2 * minute,
    });
    const expected = frontPageSample().output.trim();
    return code === 0 && output.includes(expected) ? undefined : output;
  }

  /** Runs what the page has as it stands, twice; says what went wrong. */
  async #startPage(kind: ModuleKind): Promise<string | undefined> {
    const { name, hasTypes, run: command } = this.#runtime;
    // Its files are modules of TypeScript, which are imported.
    if (kind === "cjs" || !hasTypes) return undefined;
    const { files, main, output: expected } = startPage();
    const cwd = join(this.#folder, `start-${name.replace(" ", "-")}`);
    mkdirSync(cwd);
    for (const [file, text] of files) writeFileSync(join(cwd, file), text);
    const manifest = JSON.stringify({ type: "module" });
    writeFileSync(join(cwd, "package.json"), manifest);
    for (let time = 1; time <= 2; time++) {
      const { code, output } = await run(this.#program, [...command, main], {
        cwd,
        timeout: 2 * minute,
      });
      if (code !== 0 || !output.includes(expected.trim())) return output;
    }
    return undefined;
  }

  /** Runs the example twice, as it proposes; says what went wrong. */
  async #readme(
    kind: ModuleKind,
    flags: string[],
  ): Promise<string | undefined> {
    const { name, hasSqlite, run: command } = this.#runtime;
    const cwd = join(this.#folder, `readme-${kind}-${name.replace(" ", "-")}`);
    mkdirSync(cwd);
    cpSync(join(this.#folder, kind, "readme.js"), join(cwd, "readme.js"));
    cpSync(join(this.#folder, kind, "package.json"), join(cwd, "package.json"));
    const args = [...flags, ...command, "readme.js"];
    for (let time = 1; time <= 2; time++) {
      const { code, output } = await run(this.#program, args, {
        cwd,
        timeout: 2 * minute,
      });
      const isAsExpected = hasSqlite
        ? code === 0 && /cents: 500\b/.test(output) &&
          /version: 2\b/.test(output)
        : code !== 0 && output.includes("RUNTIME_UNSUPPORTED");
      if (!isAsExpected) return output;
    }
    return undefined;
  }
}
