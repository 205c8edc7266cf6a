/**
 * Breaks the code in every way that StrykerJS knows, and lists what no test
 * noticed: `deno task mutate [core|sqlite] [files…]`.
 *
 * All mutants of a set stand in one copy of the tree, each behind a switch. A
 * first run measures which tests reach which mutant; then a mutant is tried
 * with those alone, the quickest first, many in one process.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { measure } from "./measure.ts";
import { makeCopy, type Mutant } from "./mutants.ts";
import { printReport } from "./report.ts";
import { Results } from "./results.ts";
import { sets } from "./sets.ts";
import { tryAll } from "./trial.ts";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
const [name = "core", ...wanted] = Deno.args;
const set = sets[name];
if (set === undefined) {
  throw new Error(
    `No set "${name}"; there are ${Object.keys(sets).join(", ")}`,
  );
}

const folder = join(root, ".cache/mutation");
mkdirSync(folder, { recursive: true });
const copyFolder = join(folder, name);
const copy = await makeCopy(root, copyFolder, set);
const results = new Results(join(folder, `${name}.json`), copy);

const isWanted = (file: string) => wanted.length === 0 || wanted.includes(file);
const mutants = copy.mutants.filter(({ file }) => isWanted(file));
const rank = ({ file }: Mutant) => wanted.indexOf(file);
mutants.sort((one, other) => rank(one) - rank(other));
for (const [round, testFiles] of copy.testFiles.entries()) {
  const open = mutants.filter((mutant) => !results.isKnown(mutant, round));
  console.log(`${open.length} of ${mutants.length} mutants are to be tried`);
  if (open.length === 0) continue;
  // What is not known at all is worth more than a second try.
  open.sort((one, other) =>
    Number(results.isNew(other)) - Number(results.isNew(one))
  );
  const coverage = await measure(copyFolder, testFiles);
  const tests = { round, testFiles, coverage };
  await tryAll(copyFolder, copy.mutants, open, tests, results);
}
printReport(results, [...copy.digests.keys()].filter(isWanted));
