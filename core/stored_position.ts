import { isSamePosition } from "./position.ts";

/** A position as JSON holds it. */
export type StoredPosition =
  | number
  | string
  | { bigint: string }
  /** An object of a driver, by its text. */
  | { text: string };

/**
 * A position in a form that JSON holds.
 *
 * @returns Undefined if it would not be the same place when it is read back.
 */
export function storePosition(position: any): StoredPosition | undefined {
  const stored = toStored(position);
  if (stored === undefined) return undefined;
  try {
    const restored = restorePosition(stored, position);
    return isSamePosition(restored, position) ? stored : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The position that was stored.
 *
 * @param sample Any position of the provider, where `needsSample` says so: its
 * class reads the text. Those of drivers are 64-bit integers with `toString()`
 * and a static `fromString(text, radix)`, such as MongoDB's `Timestamp`.
 */
export function restorePosition(stored: StoredPosition, sample?: any): any {
  if (typeof stored !== "object") return stored;
  if ("bigint" in stored) return BigInt(stored.bigint);
  return sample.constructor.fromString(stored.text, 10);
}

/** Whether it is an object of a driver. */
export function needsSample(stored: StoredPosition): boolean {
  return typeof stored === "object" && "text" in stored;
}

/** Whether it is what {@linkcode storePosition} gives. */
export function isStoredPosition(value: any): value is StoredPosition {
  return typeof value === "string" || Number.isFinite(value) ||
    typeof value?.bigint === "string" || typeof value?.text === "string";
}

function toStored(position: any): StoredPosition | undefined {
  switch (typeof position) {
    case "string":
      return position;
    case "number":
      return Number.isFinite(position) ? position : undefined;
    case "bigint":
      return { bigint: String(position) };
    case "object":
      return position === null ? undefined : { text: String(position) };
  }
  return undefined;
}
