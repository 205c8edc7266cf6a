/** How long what should wait is given to do what it should not, in milliseconds. */
export const MEANWHILE_MS = 100;

/** A promise that is resolved from outside, for two flows that wait for each other. */
export type Gate = {
  /** Resolves when the gate is opened. */
  opened: Promise<void>;
  /** Opens the gate. */
  open(): void;
};

/** Makes a gate that is closed. */
export function createGate(): Gate {
  let open = () => {};
  const opened = new Promise<void>((resolve) => open = resolve);
  return { opened, open: () => open() };
}

/** Resolves after `ms` milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Looks again and again until what is found is enough, or the patience is over.
 *
 * @returns What was found last, enough or not: the caller says what is missing.
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  isEnough: (found: T) => boolean,
  patience: number,
): Promise<T> {
  const deadline = performance.now() + patience;
  let pause = 1;
  while (true) {
    const found = await look();
    if (isEnough(found) || performance.now() >= deadline) return found;
    await sleep(pause);
    pause = Math.min(pause * 2, 50);
  }
}

/**
 * Waits for a promise, but not for ever.
 *
 * @throws {Error} If it takes longer than `ms` milliseconds.
 */
export async function within<T>(
  promise: Promise<T>,
  ms: number,
  what: string,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Expected ${what} within ${ms} ms: it did not`)),
      ms,
    );
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
