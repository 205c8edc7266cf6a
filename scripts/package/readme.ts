import { readFileSync } from "node:fs";

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
