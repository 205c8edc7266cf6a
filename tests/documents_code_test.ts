import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { documents, readDocument } from "./documents.ts";
import {
  type CodeBlock,
  codeBlocks,
  commandOf,
  continuedFrom,
} from "./documents_code.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "evtstore-documents-"));
after(() => rmSync(folder, { recursive: true }));

/** As a reader has it: the names of the package, and a strict compiler. */
function writeConfig(): void {
  const { imports } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
  const config = {
    imports: Object.fromEntries(
      Object.entries<string>(imports).map(([name, target]) => [
        name,
        target.startsWith("./")
          ? pathToFileURL(join(root, target)).href
          : target,
      ]),
    ),
    compilerOptions: { strict: true, noUncheckedIndexedAccess: true },
    nodeModulesDir: "none",
  };
  writeFileSync(join(folder, "deno.json"), JSON.stringify(config));
  // The same packages; a copy, for Deno writes down what it resolved.
  copyFileSync(join(root, "deno.lock"), join(folder, "deno.lock"));
}

const deno = (args: string[], cwd: string) =>
  new Promise<{ code: number | null; stdout: string; stderr: string }>(
    (resolve, reject) => {
      const child = spawn(process.execPath, args, {
        cwd,
        env: { ...process.env, NO_COLOR: "1" },
        stdio: ["ignore", "pipe", "pipe"],
        timeout: 120_000,
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (data) => stdout += data);
      child.stderr.on("data", (data) => stderr += data);
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, stdout, stderr }));
    },
  );

/** The folder that a reader of the document has, and the files in it. */
function writeProject(document: string): { cwd: string; files: string[] } {
  const text = readDocument(document);
  const cwd = join(folder, document.replace(/\W/g, "_"));
  mkdirSync(cwd, { recursive: true });
  const before = continuedFrom(text);
  const written = [];
  for (const source of before ? [before, document] : [document]) {
    for (const { file, text } of codeBlocks(readDocument(source))) {
      if (file === undefined) continue;
      mkdirSync(dirname(join(cwd, file)), { recursive: true });
      writeFileSync(join(cwd, file), text);
      if (source === document) written.push(join(cwd, file));
    }
  }
  return { cwd, files: [...new Set(written)] };
}

writeConfig();
const isIgnored = ({ attributes }: CodeBlock) => attributes.includes("ignore");
const isCode = ({ language }: CodeBlock) =>
  /^(ts|js|tsx|jsx|typescript|javascript)$/.test(language);

test("each block of code says what it is", () => {
  for (const document of documents) {
    for (const block of codeBlocks(readDocument(document))) {
      const place = `${document}:${block.line}`;
      assert.notEqual(block.language, "", `${place}: no language`);
      if (!isCode(block)) continue;
      assert.equal(block.language, "ts", `${place}: code is "ts"`);
      const allowed = block.file === undefined ? ["", "ignore"] : ["ignore"];
      assert(
        allowed.includes(block.attributes.join(" ")),
        `${place}: one of ${
          allowed.map((words) => `"ts ${words}"`).join(", ")
        }`,
      );
    }
  }
});

// `deno check --doc` finds no documents in folders: here they are checked.
test("all code is free of type errors, as a reader would have it", async () => {
  const files = documents.flatMap((document) => {
    const { cwd, files } = writeProject(document);
    const alone = codeBlocks(readDocument(document))
      .filter((block) => isCode(block) && block.file === undefined)
      .map(({ text, line }) => {
        const file = join(cwd, `line_${line}.ts`);
        writeFileSync(file, `${text}\nexport {};\n`);
        return file;
      });
    return [...files, ...alone];
  });
  assert(files.length > 40, String(files.length));
  const { code, stderr } = await deno(["check", ...files], folder);
  assert.equal(code, 0, stderr);
});

/** What is to be run of a document, and what it prints where that is said. */
function runsOf(document: string) {
  return codeBlocks(readDocument(document)).flatMap((block) => {
    const { output, line } = block;
    const run = commandOf(block) ??
      (isCode(block) && !isIgnored(block)
        ? { command: "run" as const, file: `line_${line}.ts`, text: block.text }
        : undefined);
    const isWorthIt = run?.command === "test" || output !== undefined;
    return run && isWorthIt ? [{ text: undefined, ...run, output, line }] : [];
  });
}

for (const document of documents) {
  const runs = runsOf(document);
  if (runs.length === 0) continue;
  test(`${document}: its code runs, and prints what it says`, async () => {
    const { cwd } = writeProject(document);
    for (const { command, file, text, output, line } of runs) {
      if (text !== undefined) writeFileSync(join(cwd, file), text);
      const args = [command, "--allow-all", "--no-check", file];
      const { code, stdout, stderr } = await deno(args, cwd);
      const place = `${document}:${line}`;
      assert.equal(code, 0, `${place}: ${stdout}${stderr}`);
      if (output !== undefined) assert.equal(stdout, output, place);
    }
  });
}
