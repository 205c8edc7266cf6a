import {
  AssertionError,
  describeError,
  expectSame,
} from "./assertion_error.ts";

/** An error that is expected: its code, its class, its message, or properties. */
export type ExpectedError =
  | string
  | RegExp
  | (abstract new (...parameters: any) => Error)
  | {
    /** The text of the message, or what it matches. */
    message?: string | RegExp;
    /** The code. */
    code?: string;
    /** Any other property. */
    [property: string]: unknown;
  };

/** Refuses an error that is another one than the expected. */
export function expectError(
  who: string,
  error: unknown,
  expected: ExpectedError,
): void {
  if (expected instanceof RegExp || typeof expected === "function") {
    if (isSuch(error, expected)) return;
    const wanted = typeof expected === "function" ? expected.name : expected;
    throw new AssertionError(
      `${who} failed otherwise than expected\n- expected\n+ actual\n\n- ${wanted}\n+ ${
        describeError(error)
      }`,
      { actual: error, expected, cause: error },
    );
  }
  const wanted: Record<string, unknown> = typeof expected === "string"
    ? { code: expected }
    : expected;
  const found = Object.keys(wanted).map((key) => {
    const value = (error as Record<string, unknown> | undefined)?.[key];
    const pattern = wanted[key];
    const matches = pattern instanceof RegExp && pattern.test(String(value));
    return [key, matches ? pattern : value];
  });
  expectSame(
    `${who} failed otherwise than expected: ${describeError(error)}`,
    Object.fromEntries(found),
    wanted,
  );
}

function isSuch(
  error: unknown,
  expected: RegExp | (abstract new (...parameters: any) => Error),
): boolean {
  return expected instanceof RegExp
    ? error instanceof Error && expected.test(error.message)
    : error instanceof expected;
}
