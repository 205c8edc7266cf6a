/** Makes the copy in which every mutant stands, each behind a switch. */
import {
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Instrumenter } from "npm:@stryker-mutator/instrumenter@9";
import { digest } from "./digest.ts";
import { filesUnder } from "./files.ts";
import type { MutationSet } from "./sets.ts";

/** One way to break a line. */
export type Mutant = {
  /** The number of its switch. */
  id: string;
  /** The same as long as the text of the file is the same. */
  key: string;
  file: string;
  line: number;
  mutator: string;
  original: string;
  replacement: string;
};

export type MutatedCopy = {
  mutants: Mutant[];
  /** Those that are tried first, and then the others. */
  testFiles: string[][];
  /** By file, what its text was. */
  digests: Map<string, string>;
  /** Of each of them, what the texts were of all that they are made of. */
  testDigests: string[];
};

const copied = [
  "core",
  "providers",
  "testing",
  "tests",
  "spec",
  "opentelemetry",
  "examples",
  "mod.ts",
];

export async function makeCopy(
  root: string,
  copy: string,
  set: MutationSet,
): Promise<MutatedCopy> {
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of copied) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  useOwnTestRunner(root, copy);
  shortenPatience(join(copy, "testing/subject.ts"));
  const paths = filesUnder(copy).filter((path) =>
    path.endsWith(".ts") && !path.startsWith("mutation/")
  );
  const read = (path: string) => readFileSync(join(root, path), "utf8");
  const files = paths.filter(set.mutates).map((path) => ({
    name: path,
    mutate: true,
    content: read(path),
  }));
  const digests = new Map(
    files.map(({ name, content }) => [name, digest(content)]),
  );
  const instrumented = await new Instrumenter(silent).instrument(files, {
    plugins: null,
    excludedMutations: [],
    ignorers: [],
  });
  for (const { name, content } of instrumented.files) {
    writeFileSync(join(copy, name), content);
  }
  const texts = new Map(files.map(({ name, content }) => [name, content]));
  const mutants = instrumented.mutants.map((mutant): Mutant => {
    const { id, fileName: file, mutatorName, replacement, location } = mutant;
    const { start, end } = location;
    const original = textBetween(texts.get(file)!, start, end);
    return {
      id,
      key: `${start.line}:${start.column}-${end.line}:${end.column} ` +
        `${mutatorName} ${digest(replacement).slice(0, 8)}`,
      file,
      line: start.line + 1,
      mutator: mutatorName,
      original,
      replacement,
    };
  });
  const testFiles = set.tests.map((tests) => paths.filter(tests));
  const others = paths.filter((path) =>
    !set.mutates(path) && !path.endsWith("_test.ts")
  );
  return {
    mutants: mutants.filter((mutant) => !isProse(mutant)),
    testFiles,
    digests,
    testDigests: testFiles.map((tests) =>
      digest([...others, ...tests].map(read).join("\0"))
    ),
  };
}

/** What a message says is no behaviour; codes and names have no space. */
function isProse({ mutator, original }: Mutant): boolean {
  return mutator === "StringLiteral" && original.includes(" ");
}

function useOwnTestRunner(root: string, copy: string): void {
  const { imports, compilerOptions } = JSON.parse(
    readFileSync(join(root, "deno.json"), "utf8"),
  );
  cpSync(new URL(".", import.meta.url), join(copy, "mutation"), {
    recursive: true,
  });
  const config = {
    imports: { ...imports, "node:test": "./mutation/node_test.ts" },
    compilerOptions,
    nodeModulesDir: "none",
  };
  writeFileSync(join(copy, "deno.json"), JSON.stringify(config));
  // What they import must be there in the versions of the project.
  cpSync(join(root, "deno.lock"), join(copy, "deno.lock"));
}

/** A case that fails has waited for the whole of it. */
function shortenPatience(path: string): void {
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace("context.patience ?? 5000", "2000"));
}

type Place = { line: number; column: number };

function textBetween(text: string, start: Place, end: Place): string {
  const lines = text.split("\n").slice(start.line, end.line + 1);
  const last = lines.length - 1;
  lines[last] = lines[last]!.slice(0, end.column);
  lines[0] = lines[0]!.slice(start.column);
  return lines.join("\n");
}

const ignore = () => {};

const silent = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => true,
  isErrorEnabled: () => true,
  isFatalEnabled: () => true,
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: console.warn,
  error: console.error,
  fatal: console.error,
};
