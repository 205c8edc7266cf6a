import { allCapabilities, conformanceCases } from "evtstore/testing";
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true })
    .map((path) => join(folder, String(path)))
    .filter((path) => path.endsWith(ending));
}

const documents = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...filesBelow("docs", ".md"),
  ...filesBelow("examples", ".md"),
];

test("docs/errors.md has a heading for each code, and the library throws each", () => {
  const [, union] = /export type ErrorCode =([^;]+);/.exec(
    read("core/errors.ts"),
  )!;
  const codes = [...union!.matchAll(/"([A-Z_]+)"/g)].map(([, code]) => code!);
  const headings = [...read("docs/errors.md").matchAll(/^## ([A-Z_]+)$/gm)]
    .map(([, code]) => code!);
  assert.deepEqual(headings.toSorted(), codes.toSorted());

  const sources = [
    ...filesBelow("core", ".ts"),
    ...filesBelow("providers", ".ts"),
  ]
    .filter((path) => !path.endsWith("_test.ts"))
    .map((path) => read(path).replace(union!, "")).join();
  const neverThrown = codes.filter((code) => !sources.includes(`"${code}"`));
  assert.deepEqual(neverThrown, []);
});

test("GUARANTEES.md names cases and files that exist", () => {
  const guarantees = read("GUARANTEES.md");
  const proofs = guarantees.slice(guarantees.indexOf("## Where it is proven"));
  const cases = conformanceCases(allCapabilities);
  const known = new Map(cases.map((one) => [one.name, one]));
  for (const row of proofs.matchAll(/^\| (\d+) .*$/gm)) {
    const quoted = [...row[0].matchAll(/"([^"]+: [^"]+)"/g)];
    assert(quoted.length > 0, row[0]);
    for (const [, name] of quoted) {
      assert.equal(
        known.get(name!)?.guarantee,
        Number(row[1]),
        `"${name}" is not a case of guarantee ${row[1]}`,
      );
    }
  }
  for (
    const [, path] of proofs.matchAll(/`((?:core|providers|tests)\/[^`]+)`/g)
  ) {
    assert(existsSync(join(root, path!)), `${path} does not exist`);
  }
});

test("links between documents lead somewhere", () => {
  for (const document of documents) {
    for (const [, target] of read(document).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const [path, heading] = target!.split("#");
      const file = path
        ? join(root, dirname(document), path)
        : join(root, document);
      assert(existsSync(file), `${document}: ${target} does not exist`);
      if (!heading) continue;
      const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)]
        .map(([, text]) =>
          text!.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-")
        );
      assert(
        headings.includes(heading),
        `${document}: no heading for ${target}`,
      );
    }
  }
});
