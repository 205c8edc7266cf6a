/** What a cell of a matrix says, and the output that explains a failure. */
export type Cell = { text: string; failure?: string };

/** A matrix with a result in each cell, as Markdown. */
export function toTable(
  corner: string,
  columns: readonly string[],
  rows: ReadonlyMap<string, readonly Cell[]>,
): string {
  const lines = [
    [corner, ...columns],
    ...[...rows].map(([name, cells]) => [
      name,
      ...cells.map(({ text }) => text),
    ]),
  ];
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? "").length))
  );
  const [head, ...body] = lines.map((line) =>
    `| ${
      line.map((text, column) => text.padEnd(widths[column]!)).join(" | ")
    } |`
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [head, rule, ...body].join("\n");
}

/** Runs works, so many at a time; gives their results in their order. */
export async function inTurns<T>(
  atOnce: number,
  works: readonly (() => Promise<T>)[],
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let index = next++; index < works.length; index = next++) {
      results[index] = await works[index]!();
    }
  }));
  return results;
}
