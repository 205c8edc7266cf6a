/**
 * Bundles the studio's page into `studio/page_bundle.ts`:
 * `deno task build:studio`. The file is checked in, so that whoever installs the
 * package needs no bundler; a test builds it again and compares.
 */
import * as esbuild from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** Where the bundle is checked in. */
export const BUNDLE = "studio/page_bundle.ts";

const SOURCES = "studio/page";

/** What is bundled of others: its name, and where its licence stands. */
const PARTS = [
  { name: "Preact", module: "preact", licence: "../LICENSE" },
  { name: "uPlot", module: "uplot", licence: "../LICENSE" },
];

type PageFile = { type: string; body: string };

/** The files of the page, by their address. */
export async function buildPage(): Promise<Record<string, PageFile>> {
  try {
    const script = await bundle(`${SOURCES}/main.tsx`);
    const style = await bundle(`${SOURCES}/studio.css`);
    const html = readFileSync(`${SOURCES}/index.html`, "utf8");
    return {
      "/": { type: "text/html; charset=utf-8", body: html },
      "/studio.js": {
        type: "text/javascript; charset=utf-8",
        body: notices(PARTS) + script,
      },
      "/studio.css": {
        type: "text/css; charset=utf-8",
        body: notices(PARTS.slice(1)) + style,
      },
    };
  } finally {
    await esbuild.stop();
  }
}

/** The module that has them, as it is checked in. */
export async function buildBundle(): Promise<string> {
  const files = Object.entries(await buildPage()).map(
    ([path, { type, body }]) =>
      `  ${JSON.stringify(path)}: {\n` +
      `    type: ${JSON.stringify(type)},\n` +
      `    body:\n      ${literal(body)},\n` +
      `  },\n`,
  );
  return `// Made by \`deno task build:studio\` of what is in ${SOURCES}: change that.
// deno-fmt-ignore-file
// deno-lint-ignore-file

/** The files of the studio's page, by their address. */
export const pageFiles: Record<
  "/" | "/studio.js" | "/studio.css",
  { type: string; body: string }
> = {
${files.join("")}};
`;
}

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    charset: "utf8",
    format: "iife",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    target: ["chrome123", "firefox121", "safari17.5"],
    plugins: [packages],
  });
  return outputFiles[0]!.text;
}

/** Finds packages where Deno keeps them: there is no folder node_modules. */
const packages: esbuild.Plugin = {
  name: "packages",
  setup(build) {
    build.onResolve({ filter: /^(preact|uplot)(\/|$)/ }, ({ path }) => ({
      path: fileOf(path),
    }));
  },
};

function fileOf(module: string): string {
  const file = fileURLToPath(import.meta.resolve(module));
  // The package says where its ES module is in a field that Deno does not read.
  return file.replace(/uPlot\.cjs\.js$/, "uPlot.esm.js");
}

function notices(parts: typeof PARTS): string {
  return parts.map(({ name, module, licence }) => {
    const file = new URL(licence, import.meta.resolve(module));
    return `/*! ${name}\n${readFileSync(file, "utf8").trim()}\n*/\n`;
  }).join("");
}

/** A text as a literal that is one line, and plain ASCII but for what is shown. */
function literal(text: string): string {
  return JSON.stringify(text)
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}

if (import.meta.main) {
  const text = await buildBundle();
  writeFileSync(BUNDLE, text);
  const files = Object.values(await buildPage()).map(({ body }) => body);
  const size = files.reduce((sum, body) => sum + gzipSync(body).length, 0);
  console.log(`${BUNDLE}: ${(size / 1000).toFixed(1)} kB gzipped`);
}
