import { Buffer } from "node:buffer";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { runCommandLine } from "../../examples/bank/command_line.ts";

/** What a run of the demo left behind. */
export type Run = { code: number; stdout: string; stderr: string };

/** Runs the demo in this process; `input` is its standard input. */
export async function runDemo(args: string[], input = ""): Promise<Run> {
  const run: Run = { code: -1, stdout: "", stderr: "" };
  run.code = await runCommandLine(args, {
    stdin: Readable.from([Buffer.from(input)]),
    stdout: { write: (text) => run.stdout += text },
    stderr: { write: (text) => run.stderr += text },
  });
  return run;
}

/** Calls `work` with a folder that is gone afterwards. */
export async function inFolder<T>(
  work: (path: (name: string) => string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "evtstore-bank-"));
  try {
    return await work((name) => join(folder, name));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Commands as a file has them. */
export function toLines(commands: Iterable<unknown>): string {
  let text = "";
  for (const command of commands) text += `${JSON.stringify(command)}\n`;
  return text;
}
