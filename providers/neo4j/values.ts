import { StoreError } from "../../core/errors.ts";

/**
 * A whole number as the server is to get it. The driver sends a JavaScript
 * number as a float, and LIMIT takes none.
 */
export function toInteger(value: number): bigint {
  return BigInt(value);
}

/** A whole number as the driver gives it, however it is configured. */
export function toNumber(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  const integer = value as { toNumber?(): number } | null | undefined;
  if (typeof integer?.toNumber === "function") return integer.toNumber();
  return Number(value);
}

/** A time as the server writes it. */
export function toDate(text: string): Date {
  // It may name the zone too, in brackets.
  return new Date(text.replace(/\[.*\]$/, ""));
}

/** A position of this provider, from the caller. */
export function toPosition(field: string, value: unknown): number {
  const position = typeof value === "bigint" ? Number(value) : value;
  if (Number.isSafeInteger(position)) return position as number;
  throw new StoreError(
    "INVALID_INPUT",
    `Expected ${field} to be a position of this provider, a whole number: got ${
      String(value)
    }`,
    { field },
  );
}

/** A limit of rows that the server accepts. */
export function toLimit(limit: number): number {
  if (Number.isNaN(limit)) return 0;
  return Math.max(0, Math.min(Math.floor(limit), 2 ** 31 - 1));
}
