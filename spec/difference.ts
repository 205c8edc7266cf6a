import { print } from "./print.ts";

/** The most pairs of lines that are compared with each other. */
const MAX_PAIRS = 1_000_000;

/**
 * What differs between two values, line by line: `-` is only in what was
 * expected, `+` only in what happened.
 *
 * @returns Undefined if nothing does.
 */
export function differenceOf(
  actual: unknown,
  expected: unknown,
): string | undefined {
  const [found, wanted] = [print(actual), print(expected)];
  if (found === wanted) return undefined;
  return differingLines(wanted.split("\n"), found.split("\n")).join("\n");
}

function differingLines(before: string[], after: string[]): string[] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < shorter - start && before.at(-1 - end) === after.at(-1 - end)
  ) end++;
  const same = (lines: string[]) => lines.map((line) => `  ${line}`);
  return [
    ...same(before.slice(0, start)),
    ...middle(
      before.slice(start, before.length - end),
      after.slice(start, after.length - end),
    ),
    ...same(before.slice(before.length - end)),
  ];
}

/** By the longest common subsequence. */
function middle(before: string[], after: string[]): string[] {
  const removed = (lines: string[]) => lines.map((line) => `- ${line}`);
  const added = (lines: string[]) => lines.map((line) => `+ ${line}`);
  if (before.length * after.length > MAX_PAIRS) {
    return [...removed(before), ...added(after)];
  }
  const width = after.length + 1;
  // How many lines of the rests from `row` and `column` on are common.
  const common = new Uint32Array((before.length + 1) * width);
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      common[row * width + column] = before[row] === after[column]
        ? common[(row + 1) * width + column + 1]! + 1
        : Math.max(
          common[(row + 1) * width + column]!,
          common[row * width + column + 1]!,
        );
    }
  }
  const result: string[] = [];
  let [row, column] = [0, 0];
  while (row < before.length && column < after.length) {
    if (before[row] === after[column]) {
      result.push(`  ${before[row++]}`);
      column++;
    } else if (
      common[(row + 1) * width + column]! >= common[row * width + column + 1]!
    ) result.push(...removed([before[row++]!]));
    else result.push(...added([after[column++]!]));
  }
  return [
    ...result,
    ...removed(before.slice(row)),
    ...added(after.slice(column)),
  ];
}
