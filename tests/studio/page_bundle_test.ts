import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { buildBundle, BUNDLE } from "../../scripts/build_studio.ts";
import { pageFiles } from "../../studio/page_bundle.ts";

test("the bundle of the page is what its sources give", async () => {
  assert.ok(
    readFileSync(BUNDLE, "utf8") === await buildBundle(),
    `${BUNDLE} is of other sources: run "deno task build:studio"`,
  );
});

test("the page loads nothing but its own two files, and has no script of its own", () => {
  const { body } = pageFiles["/"];
  const addresses = [...body.matchAll(/(?:src|href)="([^"]*)"/g)]
    .map(([, address]) => address!)
    .filter((address) => !address.startsWith("data:image/"));
  assert.deepEqual(addresses, ["/studio.css", "/studio.js"]);
  assert.doesNotMatch(body, /<script>|<style|\sstyle=|\son\w+=/);
});

test("what is bundled of others has its licence", () => {
  for (const name of ["Preact", "uPlot"]) {
    assert.match(pageFiles["/studio.js"].body, new RegExp(`/\\*! ${name}\\n`));
  }
  assert.equal(
    pageFiles["/studio.js"].body.match(/Permission is hereby granted/g)?.length,
    2,
  );
  assert.match(pageFiles["/studio.css"].body, /\/\*! uPlot\n/);
});

test("no text can become markup: the sources ask for none of what does that", () => {
  const forbidden =
    /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/;
  for (const file of sources("studio/page")) {
    assert.doesNotMatch(readFileSync(file, "utf8"), forbidden, file);
  }
});

test("the page is small: 60 kB as it is sent packed", () => {
  const size = Object.values(pageFiles)
    .reduce((sum, { body }) => sum + gzipSync(body).length, 0);
  assert.ok(size < 60_000, `${size} bytes`);
});

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* sources(path);
    else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}
