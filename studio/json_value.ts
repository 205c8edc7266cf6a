import type { Json } from "./api.ts";

/**
 * Any value as JSON holds it: what `JSON.stringify` would leave out of an
 * aggregate, such as maps and sets, is shown by what is in it, and a circle is cut.
 *
 * @param around What the value stands in.
 */
export function toJsonValue(
  value: unknown,
  around: readonly unknown[] = [],
): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
      return String(value);
    case "object":
      break;
    default:
      return null;
  }
  if (value === null || around.includes(value)) return null;
  const inside = [...around, value];
  const next = (one: unknown) => toJsonValue(one, inside);
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].map(next);
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? null : value.toISOString();
  }
  if (value instanceof Map) return toObject([...value], next);
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return next(toJSON.call(value));
  return toObject(Object.entries(value), next);
}

/** Also with a property called `__proto__`, which an assignment would not make. */
function toObject(
  entries: [unknown, unknown][],
  next: (value: unknown) => Json,
): Json {
  return Object.fromEntries(
    entries.filter(([, value]) => typeof value !== "function")
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [String(key), next(value)]),
  );
}
