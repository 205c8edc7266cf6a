import { join } from "node:path";
import type { TestMeasure } from "./messages.ts";
import { runWorker } from "./worker_process.ts";

/** Which tests reach which mutant. */
export type Coverage = {
  tests: TestMeasure[];
  /** The mutants that are evaluated when a file is imported. */
  atImport: Set<string>;
};

/** A test that takes longer is left to those who run everything. */
const LONGEST_MS = 4_000;

/** Runs every test once, and once more to see that it can. */
export async function measure(
  copy: string,
  testFiles: string[],
): Promise<Coverage> {
  const tests: TestMeasure[] = [];
  const atImport = new Set<string>();
  const files = testFiles.map((file) => join(copy, file));
  const ending = await runWorker(copy, { testFiles: files }, (message) => {
    if ("atImport" in message) {
      message.atImport.forEach((id) => atImport.add(id));
    }
    if ("measured" in message) tests.push(message.measured);
  });
  if (ending !== "done") throw new Error("The tests do not pass by themselves");
  const usable = tests.filter(({ name, ms, unusable }) => {
    if (unusable !== undefined) console.log(`left out: ${name}: ${unusable}`);
    else if (ms > LONGEST_MS) console.log(`left out: ${name}: takes ${ms} ms`);
    else return true;
    return false;
  });
  usable.sort((one, other) => one.ms - other.ms);
  return { tests: usable, atImport };
}
