/** The command was called in a way that cannot be meant: exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** What was asked for was found to be wrong, and said already: exit code 1. */
export class FoundError extends Error {
  override name = "FoundError";
}

/** What went wrong, with its reasons, and without a stack. */
export function describeFailure(error: unknown): string {
  const lines: string[] = [];
  for (
    let one: any = error;
    one !== undefined && lines.length < 5;
    one = one.cause
  ) {
    if (!(one instanceof Error)) {
      lines.push(String(one));
      break;
    }
    const code = (one as { code?: unknown }).code;
    const isOwn = typeof code === "string" && /^[A-Z_]+$/.test(code);
    // Drivers join several failed addresses, and give no text themselves.
    const text = one.message ||
      (one as AggregateError).errors?.map(String).join("; ") || one.name;
    lines.push(isOwn ? `${code}: ${text}` : text);
  }
  return lines.join("\n  because: ");
}
