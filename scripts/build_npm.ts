/**
 * Builds the npm package into `npm/`: `deno task build:npm [folder]`.
 *
 * Once as ES modules and once as CommonJS, each with declarations, and with maps
 * to the sources, which are in the package; the command line as ES modules. Only what the entry points of
 * `deno.json` reach is in it. Two builds of the same tree are the same bytes.
 */
import {
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, posix } from "node:path";
import process from "node:process";
import {
  type Files,
  reach,
  toDeclarations,
  toJavaScript,
} from "./package/compile.ts";
import { type DenoConfig, PROGRAM, toManifest } from "./package/manifest.ts";

const documents = ["README.md", "LICENSE", "CHANGELOG.md", "GUARANTEES.md"];

/** Builds the package into a folder, which is emptied first. */
export function buildPackage(folder: string): void {
  const config: DenoConfig = JSON.parse(readFileSync("deno.json", "utf8"));
  const program = posix.normalize(config.exports[PROGRAM]!);
  const entries = Object.entries(config.exports)
    .filter(([name]) => name !== PROGRAM)
    .map(([, path]) => posix.normalize(path));
  const read = (path: string) => readFileSync(path, "utf8");
  const modules = reach(entries, read);
  // The command line is a program: it is run, and not imported.
  const withProgram = reach([...entries, program], read);
  const declarations = publicOf(toDeclarations(modules), entries);

  rmSync(folder, { recursive: true, force: true });
  write(join(folder, "src"), withProgram);
  for (const kind of ["esm", "cjs"] as const) {
    const sources = kind === "esm" ? withProgram : modules;
    const files = [...toJavaScript(sources, kind), ...declarations];
    write(join(folder, kind), mapToSources(files));
  }
  write(
    folder,
    new Map([
      ["cjs/package.json", json({ type: "commonjs", sideEffects: false })],
      ["package.json", json(toManifest(config))],
    ]),
  );
  for (const name of documents) cpSync(name, join(folder, name));
}

/** The declarations that an application can reach. */
function publicOf(declarations: Files, entries: readonly string[]): Files {
  const toDeclaration = (path: string) => path.replace(/\.[jt]s$/, ".d.ts");
  const reached = reach(
    entries.map(toDeclaration),
    (path) => declarations.get(path)!,
    toDeclaration,
  );
  const maps = [...reached.keys()].map((path) =>
    [`${path}.map`, declarations.get(`${path}.map`)!] as const
  );
  return new Map([...reached, ...maps]);
}

/** Lets the maps in a folder of the package point to the folder `src` beside it. */
function mapToSources(files: Iterable<[path: string, text: string]>): Files {
  const mapped: Files = new Map();
  for (const [path, text] of files) {
    if (!path.endsWith(".map")) mapped.set(path, text);
    else {
      const source = path.replace(/(\.js|\.d\.ts)\.map$/, ".ts");
      const folder = posix.join("esm", posix.dirname(path));
      const sources = [posix.relative(folder, posix.join("src", source))];
      mapped.set(path, JSON.stringify({ ...JSON.parse(text), sources }));
    }
  }
  return mapped;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function write(folder: string, files: Files): void {
  for (const [path, text] of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

if (import.meta.main) {
  const folder = process.argv[2] ?? "npm";
  buildPackage(folder);
  console.log(`The package is in ${folder}/`);
}
