import type { Result, Results } from "./results.ts";

/** Prints the survivors, and a table of all files. */
export function printReport(results: Results, files: string[]): void {
  for (const file of files) {
    for (const survivor of results.of(file).filter(isAlive)) print(survivor);
  }
  console.log("| File | Mutants | Killed | Survived | Not reached |");
  console.log("| --- | --: | --: | --: | --: |");
  let all: Result[] = [];
  for (const file of files) {
    const found = results.of(file);
    if (found.length > 0) console.log(rowOf(`\`${file}\``, found));
    all = all.concat(found);
  }
  console.log(rowOf("All", all));
}

const isAlive = ({ outcome }: Result) =>
  outcome === "survived" || outcome === "uncovered";

function print(survivor: Result): void {
  const { file, line, mutator, outcome, original, replacement } = survivor;
  const shorten = (text: string) => text.replace(/\s+/g, " ").slice(0, 100);
  console.log(`${file}:${line} ${outcome} ${mutator}`);
  console.log(`  - ${shorten(original)}`);
  console.log(`  + ${shorten(replacement)}`);
}

function rowOf(name: string, found: Result[]): string {
  const count = (...outcomes: Result["outcome"][]) =>
    found.filter(({ outcome }) => outcomes.includes(outcome)).length;
  const killed = count("killed", "timeout");
  const share = Math.floor(killed / found.length * 1000) / 10;
  return `| ${name} | ${found.length} | ${killed} (${share} %) | ` +
    `${count("survived")} | ${count("uncovered")} |`;
}
