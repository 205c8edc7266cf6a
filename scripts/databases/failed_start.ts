import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CommandError } from "./command.ts";
import { messageOf } from "./ready.ts";
import { tellingLine } from "./telling_line.ts";

/** What is known of a server that is installed and did not start. */
export interface FailedStart {
  /** What failed, in a few words. */
  readonly what: string;
  /** What the program that failed has printed. */
  readonly log: string;
}

/** What an error on the way to a server says. */
export function failedStartOf(error: unknown): FailedStart {
  return error instanceof CommandError
    ? { what: error.what, log: error.output }
    : { what: messageOf(error), log: "" };
}

/**
 * Why a server did not start and what to do, in one line; the rest of what it
 * said is written to a file, which the line names.
 */
export function reportFailedStart(
  { what, log }: FailedStart,
  file: string,
  environmentVariable: string,
): string {
  const said = tellingLine(log);
  if (said !== "") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, log);
  }
  return [
    what.replace(/\s+/g, " "),
    ...said === "" ? [] : [`it says "${said}", and more in ${file}`],
    `start Docker, or set ${environmentVariable} to a server that runs`,
  ].join("; ");
}
