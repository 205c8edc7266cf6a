import { StoreError } from "../core/errors.ts";

/**
 * BSON ends at 100 levels. An event that waits to be unfolded stands four
 * levels deep in its document.
 */
const MAX_LEVELS = 96;

/** Values of BSON's own that the application's driver writes and reads. */
type BsonValue = { _bsontype: string };

/**
 * Copies a value as it will be stored: what changes in it later is not stored.
 * Dates and the driver's own types stay what they are, as in evtstore 12; apart
 * from them it is what JSON makes of the value.
 *
 * @param field What to call it in the error.
 * @throws {StoreError} `INVALID_INPUT` for what BSON would not give back as it
 * was; `checkJson` has refused the rest.
 */
export function encode(field: string, given: unknown, level = 1): unknown {
  const value = resolve(given);
  if (typeof value === "string") return wellFormed(field, value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return new Date(value);
  if (value instanceof RegExp || isBsonValue(value)) return value;
  if (level > MAX_LEVELS) {
    throw invalid(field, `it has more than ${MAX_LEVELS} levels`);
  }
  if (Array.isArray(value)) {
    return value.map((item) => encode(field, item, level + 1));
  }
  return encodeObject(field, value as Record<string, unknown>, level);
}

function encodeObject(
  field: string,
  value: Record<string, unknown>,
  level: number,
): unknown {
  // The driver would read each of these as a value of its own.
  if (Object.hasOwn(value, "_bsontype")) {
    throw invalid(field, 'it has a property "_bsontype"');
  }
  if (typeof value.$ref === "string" && value.$id != null) {
    throw invalid(field, 'it has the properties "$ref" and "$id"');
  }
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (key.includes("\0")) {
      throw invalid(field, "the name of a property has a NUL character");
    }
    const item = encode(field, value[key], level + 1);
    if (item === undefined) continue;
    // Assigning to `__proto__` would set the prototype instead of a property.
    Object.defineProperty(copy, wellFormed(field, key), {
      value: item,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return copy;
}

/**
 * A value as JSON has it, never a text: what BSON cannot hold is JSON as text.
 * `checkJson` has seen it, so that only the form is left to choose.
 */
export function encodeJson(value: unknown): unknown {
  const text = JSON.stringify(value);
  try {
    const encoded = encode("value", JSON.parse(text));
    return typeof encoded === "string" ? text : encoded;
  } catch (error) {
    if (error instanceof StoreError) return text;
    throw error;
  }
}

/** What was encoded by {@linkcode encodeJson}. */
export function decodeJson(stored: unknown): unknown {
  return typeof stored === "string" ? JSON.parse(stored) : stored;
}

/** About how many bytes it takes; never fewer than half of them. */
export function sizeOf(value: unknown): number {
  if (typeof value === "string") return value.length * 2 + 8;
  if (typeof value !== "object" || value === null) return 16;
  let size = 16;
  for (const key of Object.keys(value)) {
    size += key.length * 2 + 8 +
      sizeOf((value as Record<string, unknown>)[key]);
  }
  return size;
}

function resolve(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date || isBsonValue(value)) return value;
  const own = value as { toBSON?: unknown; toJSON?: unknown };
  if (typeof own.toBSON === "function") return own.toBSON();
  return typeof own.toJSON === "function" ? own.toJSON() : value;
}

function isBsonValue(value: object): value is BsonValue {
  return typeof (value as BsonValue)._bsontype === "string" &&
    !Object.hasOwn(value, "_bsontype");
}

// Two different lone surrogates become the same bytes.
function wellFormed(field: string, text: string): string {
  if (text.isWellFormed()) return text;
  throw invalid(field, "it has text with a lone surrogate");
}

function invalid(field: string, reason: string): StoreError {
  return new StoreError(
    "INVALID_INPUT",
    `MongoDB cannot hold ${field}: ${reason}`,
    { field },
  );
}
