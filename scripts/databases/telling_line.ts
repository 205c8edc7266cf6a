import { stripVTControlCharacters } from "node:util";

/** Longer than most lines that tell, and short enough to be read in one. */
const longest = 240;

const timestamp =
  /^\d{4}-\d\d-\d\d[T ]+[\d:.]+(?:Z|[+-]\d{4}| [A-Z]{3,4})?(?: +\[?\d+\]?)? +/;

const problem =
  /error|fatal|panic|exception|cannot|can't|could not|failed|denied|refused|no such|unable/i;

/** What programs say behind the problem, and what is no help. */
const beside: readonly RegExp[] = [
  // Java
  /^at /,
  /^\.\.\. \d+ more$/,
  // MariaDB
  /\[ERROR\] Aborting$/,
  // Maven
  /^\[ERROR\]( To see the full| Re-run Maven| For more information| \[Help|$)/,
  // npm
  /^npm error( \w+)?( In most cases| If you are| This is a problem| 'proxy'|$)/,
  /^npm error A complete log/,
];

/**
 * The line of a log that says best why a program has ended: the last one that
 * tells of a problem, or else the last one. Empty if the log is.
 */
export function tellingLine(log: string): string {
  const lines = stripVTControlCharacters(log).split("\n")
    .map((line) => line.trim().replace(timestamp, ""))
    .filter((line) => line !== "" && !beside.some((each) => each.test(line)));
  const line = lines.findLast((line) => problem.test(line)) ?? lines.at(-1) ??
    "";
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}
