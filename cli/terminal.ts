import process from "node:process";
import { createInterface } from "node:readline/promises";
import { UsageError } from "./failure.ts";

/** Where a command prints, and whom it asks. */
export type Terminal = {
  /** Prints a line of the result. */
  out(line: string): void;
  /** Prints a line of anything else. */
  err(line: string): void;
  /** Replaces the last line, where that can be seen; ends it without one. */
  progress(line?: string): void;
  /** Asks a person, who types an answer; undefined where there is nobody. */
  ask?(question: string): Promise<string>;
  /** The environment. */
  env: { [name: string]: string | undefined };
  /** The folder that paths begin at. */
  cwd: string;
  /** Aborts when the command is to end. */
  signal: AbortSignal;
};

/** The terminal of the process. */
export function processTerminal(): Terminal {
  const stopping = new AbortController();
  process.once("SIGINT", () => stopping.abort());
  process.once("SIGTERM", () => stopping.abort());
  // A reader such as `head` has seen enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    stopping.abort();
  });
  const isSeen = process.stderr.isTTY === true;
  let isOpen = false;
  const endLine = () => {
    if (isOpen) process.stderr.write("\n");
    isOpen = false;
  };
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => {
      endLine();
      process.stderr.write(`${line}\n`);
    },
    progress: (line) => {
      if (line === undefined) return endLine();
      if (!isSeen) return;
      process.stderr.write(`\r\x1b[K${line}`);
      isOpen = true;
    },
    ...process.stdin.isTTY && {
      async ask(question: string) {
        const lines = createInterface({
          input: process.stdin,
          output: process.stderr,
        });
        try {
          return await lines.question(question);
        } finally {
          lines.close();
        }
      },
    },
    env: process.env,
    cwd: process.cwd(),
    signal: stopping.signal,
  };
}

/**
 * Asks whether to go on.
 *
 * @param yes Whether that was said already, by `--yes`.
 * @throws {UsageError} If the answer is another one, or nobody can be asked.
 */
export async function confirm(
  terminal: Terminal,
  what: string,
  yes: boolean,
): Promise<void> {
  if (yes) return;
  if (!terminal.ask) {
    throw new UsageError(`${what}: nobody can be asked here, so give --yes`);
  }
  const answer = await terminal.ask(`${what}. Go on? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) {
    throw new UsageError("Nothing was done");
  }
}

/** A bar of how much is done; of an unknown whole, only how much. */
export function progressLine(
  done: number,
  fraction: number | undefined,
  startedAt: number,
): string {
  const seconds = Math.max(0.001, (performance.now() - startedAt) / 1000);
  const rate = Math.round(done / seconds).toLocaleString("en");
  const text = `${done.toLocaleString("en")} events, ${rate} a second`;
  if (fraction === undefined) return text;
  const part = Math.min(1, Math.max(0, fraction));
  const bar = "█".repeat(Math.round(part * 20)).padEnd(20, "░");
  return `${bar} ${String(Math.floor(part * 100)).padStart(3)} %  ${text}`;
}
