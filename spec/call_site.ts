import { AssertionError } from "./assertion_error.ts";

type Expectations = Record<string, (...parameters: any[]) => Promise<void>>;

/**
 * Lets expectations fail where they are written: a test runner shows that line,
 * and not the one in here where values were compared.
 */
export function atCallSite<T extends Expectations>(expectations: T): T {
  const entries = Object.entries(expectations).map(([name, expectation]) => [
    name,
    (...parameters: unknown[]) => {
      const [, ...frames] = framesOf(new Error());
      return expectation(...parameters).catch((error: unknown) => {
        if (error instanceof AssertionError && frames.length > 0) {
          const { name, message } = error;
          error.stack = [`${name}: ${message}`, ...frames].join("\n");
        }
        throw error;
      });
    },
  ]);
  return Object.fromEntries(entries);
}

function framesOf({ stack = "" }: Error): string[] {
  return stack.split("\n").filter((line) => /^\s+at /.test(line));
}
