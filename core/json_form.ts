import { MAX_DEPTH } from "./validation.ts";

/**
 * What JSON would not give back as it is: the first place, and why. Other than
 * `checkJson` it refuses a date, or an instance of a class, that JSON would
 * write as something else. A property that is undefined may be left out.
 *
 * @returns Undefined if the value comes back equal.
 */
export function whatJsonLoses(value: unknown): string | undefined {
  return lossIn(value, "", []);
}

/**
 * The first place where two values of JSON differ, such as `.items[0]`. The
 * order of properties is free, and one that is undefined is as good as absent.
 *
 * @returns Undefined if they are equal.
 */
export function whereJsonDiffers(
  left: unknown,
  right: unknown,
  path = "",
): string | undefined {
  if (left === right) return undefined;
  if (!isObject(left) || !isObject(right)) return path;
  if (Array.isArray(left) !== Array.isArray(right)) return path;
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const place = Array.isArray(left) ? `${path}[${key}]` : `${path}.${key}`;
    const found = whereJsonDiffers(own(left, key), own(right, key), place);
    if (found !== undefined) return found;
  }
  return undefined;
}

type Keyed = Record<string, unknown>;

function isObject(value: unknown): value is Keyed {
  return typeof value === "object" && value !== null;
}

// Reading `__proto__` where it is no property of its own gives the prototype.
function own(value: Keyed, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function lossIn(
  value: unknown,
  path: string,
  above: object[],
): string | undefined {
  const loss = (reason: string) => `${path || "it"} ${reason}`;
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined;
    case "number":
      return Number.isFinite(value) ? undefined : loss(`is ${value}`);
    case "undefined":
    case "bigint":
    case "function":
    case "symbol":
      return loss(`is a value of type ${typeof value}`);
  }
  if (value === null) return undefined;
  const object = value as Keyed;
  if (above.includes(object)) return loss("contains itself");
  if (above.length === MAX_DEPTH) return loss(`is ${MAX_DEPTH} levels deep`);
  const isArray = Array.isArray(object);
  const keys = Object.keys(object);
  const expected = isArray ? Array.prototype : Object.prototype;
  if (Object.getPrototypeOf(object) !== expected) {
    const name = object.constructor?.name;
    return loss(name ? `is a ${name}` : "has no prototype");
  }
  if (isArray && keys.length !== object.length) return loss("has holes");
  if (Object.getOwnPropertySymbols(object).length > 0) {
    return loss("has a symbol for the name of a property");
  }
  if (typeof object.toJSON === "function") return loss("has toJSON()");
  above.push(object);
  for (const key of keys) {
    const item = object[key];
    if (item === undefined && !isArray) continue;
    const place = isArray ? `${path}[${key}]` : `${path}.${key}`;
    const found = lossIn(item, place, above);
    if (found) return found;
  }
  above.pop();
  return undefined;
}
