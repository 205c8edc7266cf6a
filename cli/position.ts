import { restorePosition } from "../core/stored_position.ts";
import { UsageError } from "./failure.ts";

/**
 * A position as a number that can be compared: all of this library's are whole
 * numbers, whatever class a driver gives them. Undefined for what is none.
 */
export function toOrder(position: any): bigint | undefined {
  try {
    return BigInt(String(position));
  } catch {
    return undefined;
  }
}

/**
 * A position as a person writes it.
 *
 * @param sample Any position of the store.
 * @throws {UsageError} For what is none.
 */
export function parsePosition(text: string, sample: any): any {
  if (!/^\d+$/.test(text)) {
    throw new UsageError(`Expected a position, a whole number: got ${text}`);
  }
  if (typeof sample === "object" && sample !== null) {
    return restorePosition({ text }, sample);
  }
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}
