/** The longest text that is kept; the beginning says most. */
const MESSAGE_LENGTH = 1000;
const STACK_LENGTH = 4000;

/** What a callback threw, as far as it can be kept beside the log. */
export type ParkedError = {
  /** The name of its class, or the type of what is no error. */
  name: string;
  /** What it said; shortened to 1,000 characters. */
  message: string;
  /** Its `code`, if it had one. */
  code?: string;
  /** Where it was thrown; shortened to 4,000 characters. */
  stack?: string;
};

/** What can be kept of what a callback threw, whatever that is. */
export function describeFailure(reason: unknown): ParkedError {
  const code = read(reason, "code");
  const stack = read(reason, "stack");
  const isError = reason instanceof Error;
  return {
    name: (isError && read(reason, "name")) || typeof reason,
    message: isError ? read(reason, "message") ?? "" : show(reason),
    ...code && { code },
    ...isError && stack && { stack },
  };
}

/** A property as a text; undefined if it is none, or throws. */
function read(reason: unknown, name: string): string | undefined {
  try {
    const value = (reason as Record<string, unknown>)[name];
    const length = name === "stack" ? STACK_LENGTH : MESSAGE_LENGTH;
    return typeof value === "string" || typeof value === "number"
      ? keep(String(value), length)
      : undefined;
  } catch {
    return undefined;
  }
}

function show(reason: unknown): string {
  try {
    const text = typeof reason === "object"
      ? JSON.stringify(reason)
      : String(reason);
    return keep(text, MESSAGE_LENGTH);
  } catch {
    return "";
  }
}

/** A database that keeps JSON may refuse NUL and half a character. */
function keep(text: string, length: number): string {
  return text.slice(0, length).replace(/\0/g, "\uFFFD").toWellFormed();
}
