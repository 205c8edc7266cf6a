import type { Result } from "./results.ts";

/** The results as a table of Markdown for each suite. */
export function toTables(results: readonly Result[]): string {
  const suites = [...new Set(results.map(({ suite }) => suite))];
  return suites.map((suite) => {
    const own = results.filter((one) => one.suite === suite);
    const contenders = [...new Set(own.map(({ contender }) => contender))]
      .toSorted((one, other) => rankOf(one) - rankOf(other));
    const measures = [...new Set(own.map(({ measure }) => measure))];
    const rows = measures.map((measure) => {
      const cells = contenders.map((contender) =>
        toCell(
          own.find((one) =>
            one.measure === measure && one.contender === contender
          ),
        )
      );
      return `| ${measure} | ${cells.join(" | ")} |`;
    });
    return [
      `### ${suite}`,
      "",
      `| | ${contenders.join(" | ")} |`,
      `| --- | ${contenders.map(() => "---").join(" | ")} |`,
      ...rows,
    ].join("\n");
  }).join("\n\n");
}

function toCell(result: Result | undefined): string {
  if (!result) return "–";
  const { time, ratio } = result;
  if (ratio.median === 0) return `${toShort(time.median)} ms`;
  const spread = result.rounds > 1
    ? ` (${toShort(ratio.low)}–${toShort(ratio.high)})`
    : " (one round)";
  return `${toShort(ratio.median)}${spread}, ${toShort(time.median)} ms`;
}

/** What the others are compared with stands first. */
function rankOf(contender: string): number {
  return contender.startsWith("plain") ? 0 : 1;
}

function toShort(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}
