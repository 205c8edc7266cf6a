/**
 * Builds the npm package and uses it as its users do: `deno task check:npm`.
 *
 * The packed tarball is linted, installed, tested on every runtime, by `import`
 * and by `require`, and compiled against by every TypeScript. The runtimes and
 * compilers are taken from npm and kept outside the tree.
 */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { buildPackage } from "./build_npm.ts";
import { runOrThrow } from "./databases/command.ts";
import { columns as runtimeColumns, runtimeRows } from "./package/runtimes.ts";
import { type Cell, inTurns, toTable } from "./package/table.ts";
import { install, installTools } from "./package/tools.ts";
import { columns as typeColumns, TypeMatrix } from "./package/types.ts";

/** As long as a step may take on a machine that does other work too. */
const timeout = 5 * 60_000;

/** Beyond these somebody should look at what has got into the package. */
const limits = { packed: 1_550_000, unpacked: 9_000_000 };

const linters = { "@arethetypeswrong/cli": "0.18.5", publint: "0.3.25" };

const failures: string[] = [];

async function check(name: string, work: () => unknown): Promise<void> {
  try {
    await work();
    console.log(`${name}: ok`);
  } catch (error) {
    failures.push(name);
    console.log(`${name}: FAILED\n${(error as Error).message}`);
  }
}

/** The files below a folder, in order. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => statSync(join(folder, path)).isFile())
    .toSorted();
}

/** Builds and packs; two builds must be the same bytes. */
async function pack(folder: string): Promise<string> {
  const [first, second] = [join(folder, "package"), join(folder, "again")];
  buildPackage(first);
  await check("the build is reproducible", async () => {
    await runOrThrow(process.execPath, [
      "run",
      "--allow-all",
      "scripts/build_npm.ts",
      second,
    ], { timeout });
    const files = filesOf(first);
    assert.deepEqual(filesOf(second), files);
    const different = files.filter((path) =>
      !readFileSync(join(first, path)).equals(readFileSync(join(second, path)))
    );
    assert.deepEqual(different, []);
  });
  await check("maps lead to sources in the package", () => {
    for (const path of filesOf(first).filter((name) => name.endsWith(".map"))) {
      const file = join(first, path);
      const { sources } = JSON.parse(readFileSync(file, "utf8"));
      assert(existsSync(join(dirname(file), sources[0])), path);
    }
  });
  const output = await runOrThrow(
    "npm",
    ["pack", "--json", "--pack-destination", folder],
    { cwd: first, timeout },
  );
  const [packed] = JSON.parse(output.slice(output.indexOf("[")));
  await check("the size of the package", () => {
    const { size, unpackedSize, entryCount } = packed;
    console.log(
      `${packed.filename}: ${size} bytes, unpacked ${unpackedSize} bytes in ${entryCount} files`,
    );
    if (size > limits.packed || unpackedSize > limits.unpacked) {
      throw new Error(`More than ${JSON.stringify(limits)}`);
    }
  });
  return join(folder, packed.filename);
}

async function lint(tarball: string): Promise<void> {
  const tools = await installTools("linters", linters);
  const program = (name: string) => join(tools, "node_modules/.bin", name);
  await check(
    "attw",
    () =>
      runOrThrow(
        program("attw"),
        [tarball, "--format", "ascii", "--no-color"],
        {
          timeout,
        },
      ),
  );
  await check(
    "publint --strict",
    () =>
      runOrThrow(program("publint"), ["run", tarball, "--strict"], {
        timeout,
      }),
  );
}

async function publishDryRun(): Promise<void> {
  await check("deno publish --dry-run", () =>
    runOrThrow(process.execPath, [
      "publish",
      "--dry-run",
      "--allow-dirty",
      // The types have been checked; slow types are refused all the same.
      "--no-check",
    ], { timeout }));
}

type Rows = Map<string, (() => Promise<Cell>)[]>;

/** Wraps the works of a matrix so that their cells can be printed as a table. */
function matrix(corner: string, columns: readonly string[], rows: Rows) {
  const cells = new Map<string, Cell[]>();
  const works = [...rows].flatMap(([name, row]) => {
    const results: Cell[] = [];
    cells.set(name, results);
    return row.map((work, index) => async () => {
      results[index] = await work();
    });
  });
  const print = (): void => {
    console.log(`\n${toTable(corner, columns, cells)}`);
    for (const [name, row] of cells) {
      row.forEach(({ failure }, index) => {
        if (failure === undefined) return;
        const cell = `${name}, ${columns[index]}`;
        failures.push(cell);
        const broken = failure.split("\n").filter((line) =>
          /^ *(not ok|✖|\(fail\))|FAILED|error TS/.test(line)
        );
        console.log(`\n${[cell, ...broken].join("\n")}`);
        console.log(failure.slice(-4000));
      });
    }
  };
  return { works, print };
}

const folder = mkdtempSync(join(tmpdir(), "evtstore-package-"));
const typeMatrix = new TypeMatrix();
try {
  const tarball = await pack(folder);
  const application = mkdtempSync(join(folder, "application-"));
  await install(application, { evtstore: tarball, "@types/node": "24" });
  const runtimes = matrix(
    "runtime",
    runtimeColumns,
    await runtimeRows(application),
  );
  const types = matrix(
    "compiler",
    typeColumns,
    await typeMatrix.rows(application),
  );
  // The tests wait more than they compute.
  await Promise.all([
    inTurns(2, runtimes.works),
    inTurns(1, [() => lint(tarball), publishDryRun, ...types.works]),
  ]);
  runtimes.print();
  types.print();
} finally {
  typeMatrix.close();
  rmSync(folder, { recursive: true });
}
if (failures.length > 0) {
  console.log(`\nFailed: ${failures.join("; ")}`);
  process.exitCode = 1;
}
