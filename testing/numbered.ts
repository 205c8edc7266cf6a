import type { TestEvent } from "./subject.ts";

/** `{ type: "Numbered", number }`, for the numbers from 0. */
export function numbered(count: number): TestEvent[] {
  return upTo(count).map((number) => ({ type: "Numbered", number }));
}

/** The numbers of events that `numbered` made. */
export function numbersOf(log: readonly { event: TestEvent }[]): unknown[] {
  return log.map((stored) => stored.event.number);
}

/** The numbers from 0 up to, but not including, `count`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
