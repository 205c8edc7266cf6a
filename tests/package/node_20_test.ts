import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDERS = [
  "core",
  "providers",
  "spec",
  "testing",
  "cli",
  "opentelemetry",
  "studio",
];

/** "Do you need to change your target library?": it is newer than that. */
const TOO_NEW = new Set([2550, 2583]);

function findNewer(files: string[]): string[] {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: [
      "lib.es2023.d.ts",
      "lib.es2024.string.d.ts",
      "lib.esnext.disposable.d.ts",
      "lib.dom.d.ts",
      "lib.dom.iterable.d.ts",
    ],
    types: [],
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
  });
  return program.getSourceFiles()
    .filter(({ fileName }) => files.includes(fileName))
    .flatMap((source) => program.getSemanticDiagnostics(source))
    .filter(({ code }) => TOO_NEW.has(code))
    .map(({ file, messageText }) =>
      `${file!.fileName.slice(ROOT.length)}: ${
        ts.flattenDiagnosticMessageText(messageText, " ")
      }`
    );
}

test("the sources use nothing that Node 20 lacks", () => {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith("_test.ts"))
      .map((name) => `${ROOT}${folder}/${name.replaceAll("\\", "/")}`)
  );
  assert(files.length > 200);
  assert.deepEqual(findNewer(files), []);
});

test("what Node 20 lacks would be found", () => {
  const own = fileURLToPath(new URL("too_new.ts", import.meta.url));
  const found = findNewer([own]);
  assert.match(found.join("\n"), /withResolvers/);
});
