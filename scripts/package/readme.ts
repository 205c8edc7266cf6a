import { readFileSync } from "node:fs";
import { codeBlocks } from "../../tests/documents_code.ts";

/** The complete example of the README: a module with `await` at its top level. */
export function readmeSample(): string {
  const readme = readFileSync("README.md", "utf8");
  const section = readme.slice(readme.indexOf("## A complete example"));
  const [, sample] = /```ts\n(.*?)```/s.exec(section) ?? [];
  if (!sample) throw new Error("README.md has no complete example");
  return sample;
}

/** The same, in a function: a CommonJS module has no `await` at its top level. */
export function inFunction(sample: string): string {
  const lastImport = sample.lastIndexOf('from "evtstore');
  const end = sample.indexOf("\n", lastImport) + 1;
  return `${sample.slice(0, end)}(async () => {${sample.slice(end)}})();\n`;
}

/** A sample and what it prints. */
export type Sample = { text: string; output: string };

/** The sample of docs/index.md, which needs no database. */
export function frontPageSample(): Sample {
  const blocks = codeBlocks(readFileSync("docs/index.md", "utf8"));
  const sample = blocks.find(({ output }) => output !== undefined);
  if (!sample) throw new Error("docs/index.md has no sample");
  return { text: sample.text, output: sample.output! };
}

/** The application of the page to start with, as a reader with npm makes it. */
export type StartPage = {
  /** Its files, by name. */
  files: Map<string, string>;
  /** The one that `node` runs. */
  main: string;
  /** What that prints. */
  output: string;
};

/** Reads docs/start.md. */
export function startPage(): StartPage {
  const blocks = codeBlocks(readFileSync("docs/start.md", "utf8"));
  const files = new Map<string, string>();
  for (const { file, text } of blocks) if (file) files.set(file, text);
  const [main] = blocks.flatMap(({ text }) =>
    /^node (\S+\.ts)\n$/.exec(text)?.[1] ?? []
  );
  const output = blocks.find(({ output }) => output)?.output;
  if (!main || !output) throw new Error("docs/start.md runs nothing with Node");
  return { files, main, output };
}
