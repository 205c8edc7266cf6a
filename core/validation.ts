import { StoreError } from "./errors.ts";
import type { Event } from "./event.ts";

/** The most bytes of UTF-8 that a name or an id may have. */
export const MAX_NAME_BYTES = 512;

/** The most levels of objects and arrays that an event may have. */
export const MAX_DEPTH = 500;

const encoder = new TextEncoder();

/**
 * Refuses a name or an id that some database could not store, or would store
 * as another one.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming `field`.
 */
export function checkName(
  field: string,
  value: unknown,
): asserts value is string {
  if (typeof value !== "string") {
    throw invalid(
      field,
      `Expected ${field} to be a string: got ${show(value)}`,
    );
  }
  if (value === "") {
    throw invalid(field, `Expected ${field} to be a string that is not empty`);
  }
  // Two different lone surrogates become the same bytes in a database.
  if (!value.isWellFormed()) {
    throw invalid(
      field,
      `Expected ${field} to be well-formed Unicode: it has a lone surrogate`,
    );
  }
  if (value.includes("\0")) {
    throw invalid(field, `Expected ${field} to have no NUL character`);
  }
  // A UTF-16 unit takes three bytes at most.
  if (value.length * 3 > MAX_NAME_BYTES) {
    const bytes = encoder.encode(value).length;
    if (bytes > MAX_NAME_BYTES) {
      throw invalid(
        field,
        `Expected ${field} to have at most ${MAX_NAME_BYTES} bytes of UTF-8: it has ${bytes}`,
      );
    }
  }
}

/**
 * Refuses what is not an event that every database can give back as it was.
 *
 * @param field What to call it in the error, such as `events[0]`.
 * @throws {StoreError} `INVALID_INPUT`, naming the property.
 */
export function checkEvent(
  field: string,
  event: unknown,
): asserts event is Event {
  if (typeof event !== "object" || event === null || Array.isArray(event)) {
    throw invalid(
      field,
      `Expected ${field} to be an event: got ${show(event)}`,
    );
  }
  const type = (event as { type?: unknown }).type;
  if (typeof type !== "string" || type === "") {
    throw invalid(
      `${field}.type`,
      `Expected ${field}.type to be a string that is not empty: got ${
        show(type)
      }`,
    );
  }
  checkJson(field, event);
}

/**
 * Refuses a value that JSON would drop, change or fail on. A property that is
 * undefined is left out, as JSON does; a value with `toJSON` is what that gives.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the property.
 */
export function checkJson(field: string, value: unknown): void {
  walk(value, [field], []);
}

/**
 * Refuses metadata that is not an object that JSON can hold.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the property.
 */
export function checkMetadata(metadata: unknown): void {
  if (
    typeof metadata !== "object" || metadata === null || Array.isArray(metadata)
  ) throw invalid("metadata", "Expected metadata to be an object");
  checkJson("metadata", metadata);
}

// The path is joined only for an error: most values have none.
type Path = (string | number)[];

function walk(given: unknown, path: Path, above: object[]): void {
  const value = hasToJson(given) ? given.toJSON() : given;
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return;
    case "number":
      if (Number.isFinite(value)) return;
      throw notJson(path, `${value} would be read back as null`);
    case "bigint":
      throw notJson(path, "it is a BigInt; store it as text or as a number");
    case "function":
    case "symbol":
      throw notJson(path, `it is a ${typeof value}`);
  }
  if (value === null) return;
  const object = value as object;
  if (above.includes(object)) throw notJson(path, "it contains itself");
  if (above.length === MAX_DEPTH) {
    throw notJson(path, `it has more than ${MAX_DEPTH} levels`);
  }
  if (
    object instanceof Map || object instanceof Set ||
    object instanceof ArrayBuffer || ArrayBuffer.isView(object)
  ) {
    const name = object.constructor.name;
    throw notJson(path, `it is a ${name}; store it as an array or as text`);
  }
  if (object instanceof Promise) {
    throw notJson(path, "it is a Promise; await it first");
  }
  above.push(object);
  if (Array.isArray(object)) {
    for (let index = 0; index < object.length; index++) {
      path.push(index);
      if (object[index] === undefined) {
        throw notJson(path, "undefined would be read back as null");
      }
      walk(object[index], path, above);
      path.pop();
    }
  } else {
    for (const key of Object.keys(object)) {
      path.push(key);
      walk((object as Record<string, unknown>)[key], path, above);
      path.pop();
    }
  }
  above.pop();
}

function hasToJson(value: unknown): value is { toJSON(): unknown } {
  return typeof value === "object" && value !== null &&
    typeof (value as { toJSON?: unknown }).toJSON === "function";
}

function notJson(path: Path, reason: string): StoreError {
  const shown = path.slice(0, 12)
    .map((part, index) =>
      typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`
    );
  const field = shown.join("") + (path.length > 12 ? "…" : "");
  return invalid(field, `JSON cannot hold ${field}: ${reason}`);
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "function" ? "a function" : String(value);
}

function invalid(field: string, message: string): StoreError {
  return new StoreError("INVALID_INPUT", message, { field });
}
