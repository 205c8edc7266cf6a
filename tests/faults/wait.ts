/** Lets time pass. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Waits until something is so.
 *
 * @param what What is waited for, for the error.
 * @param found What is so instead, for the error.
 * @throws {Error} If it is not so within `patience` milliseconds.
 */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  patience = 120_000,
  found: () => string | Promise<string> = () => "it did not",
): Promise<void> {
  const end = performance.now() + patience;
  while (!await isSo()) {
    if (performance.now() > end) {
      throw new Error(
        `Expected ${what} within ${patience} ms: ${await found()}`,
      );
    }
    await sleep(2);
  }
}
