import { setTimeout as sleep } from "node:timers/promises";
import { MissingError } from "./definition.ts";

export interface ReadyOptions {
  readonly timeout: number;
  /** Waiting ends early once this is false. */
  readonly isAlive?: () => boolean;
}

/** Asks until there is an answer; gives the reason if there is none. */
export async function waitForAnswer(
  ask: () => Promise<void>,
  options: ReadyOptions,
): Promise<string | undefined> {
  const end = performance.now() + options.timeout;
  for (;;) {
    try {
      await ask();
      return undefined;
    } catch (error) {
      if (error instanceof MissingError) return error.message;
      if (options.isAlive?.() === false) return "it ended by itself";
      if (performance.now() > end) return messageOf(error);
    }
    await sleep(100);
  }
}

export function messageOf(error: unknown): string {
  // An error with several addresses tried has its message in its parts.
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map(messageOf).join("; ");
  }
  return error instanceof Error ? error.message : String(error);
}
