/**
 * A text as a line of a terminal shows it: what an event contains must not move
 * the cursor, nor pretend to be another line.
 */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu,
    (character) =>
      `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  );
}

/** Rows below a head, in columns. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const cells = [head, ...rows.map((row) => row.map(visible))];
  const widths = head.map((_, column) =>
    Math.max(...cells.map((row) => [...row[column]!].length))
  );
  return cells.map((row) =>
    row.map((cell, column) =>
      cell + " ".repeat(widths[column]! - [...cell].length)
    ).join("  ").trimEnd()
  );
}

/** A value as JSON, with bigints as their text. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, one) => typeof one === "bigint" ? String(one) : one,
  );
}
