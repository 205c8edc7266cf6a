import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { guide } from "../site/.vitepress/sidebar.js";
import { sitePath, slugify } from "../site/.vitepress/paths.js";
import { documents, filesBelow, readDocument } from "./documents.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

test("docs/errors.md has a heading for each code, and the library throws each", () => {
  const [, union] = /export type ErrorCode =([^;]+);/.exec(
    readDocument("core/errors.ts"),
  )!;
  const codes = [...union!.matchAll(/"([A-Z_]+)"/g)].map(([, code]) => code!);
  const headings = [
    ...readDocument("docs/errors.md").matchAll(/^## ([A-Z_]+)$/gm),
  ]
    .map(([, code]) => code!);
  assert.deepEqual(headings.toSorted(), codes.toSorted());

  const sources = [
    ...filesBelow("core", ".ts"),
    ...filesBelow("providers", ".ts"),
  ]
    .filter((path) => !path.endsWith("_test.ts"))
    .map((path) => readDocument(path).replace(union!, "")).join();
  const neverThrown = codes.filter((code) => !sources.includes(`"${code}"`));
  assert.deepEqual(neverThrown, []);
});

/** A document without its code, in which brackets are not links. */
function proseOf(document: string): string {
  return readDocument(document).replace(/^```.*?^```$/gms, "");
}

test("links between documents lead somewhere", () => {
  for (const document of documents) {
    for (const [, target] of proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const [path, heading] = target!.split("#");
      const file = path ? normalize(join(dirname(document), path)) : document;
      assert(
        existsSync(join(root, file)),
        `${document}: ${target} does not exist`,
      );
      if (!heading) continue;
      const headings = [...readDocument(file).matchAll(/^#+ (.+)$/gm)]
        .map(([, text]) => slugify(text!));
      assert(
        headings.includes(heading),
        `${document}: no heading for ${target}`,
      );
    }
  }
});

test("each document is a page that the site's sidebar shows, by its title", () => {
  const shown = new Map<string, string>();
  for (const { items = [] } of guide) {
    for (const { text, link } of items) shown.set(link, text);
  }
  for (const document of documents) {
    // The front page of the repository is not one of the site.
    if (document === "README.md") continue;
    if (document === "docs/decisions/README.md") continue;
    const page = `/${sitePath(document).replace(/(index)?\.md$/, "")}`;
    assert(shown.has(page), `${document} is not in site/.vitepress/sidebar.js`);
    if (!document.startsWith("docs/how-to/")) continue;
    assert.equal(
      readDocument(document).match(/^# (.+)$/m)?.[1],
      shown.get(page),
    );
  }
});

test("pictures say what they show, and read well in the dark", () => {
  const pictures = filesBelow("docs/images", ".svg");
  assert(pictures.length > 0);
  const used = documents.map(proseOf).join();
  for (const picture of pictures) {
    const svg = readDocument(picture);
    assert(/<title>[^<]+<\/title>/.test(svg), `${picture} has no title`);
    assert(svg.includes("prefers-color-scheme: dark"), `${picture} is light`);
    assert(statSync(join(root, picture)).size < 16_384, `${picture} is large`);
    const name = picture.slice("docs/".length);
    assert(
      new RegExp(`!\\[[^\\]]{10,}\\]\\((\\.\\./)?${name}\\)`).test(used),
      `no document shows ${picture} with a text for those who cannot see it`,
    );
  }
});
