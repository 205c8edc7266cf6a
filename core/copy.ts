/**
 * A deep copy of plain data: objects, arrays, maps, sets and dates. Anything
 * else (an instance of a class, a function) has parts that cannot be seen from
 * outside and so cannot be copied.
 *
 * @returns The copy, or undefined if the value holds what cannot be copied.
 */
export function copyPlainData<T>(value: T): T | undefined {
  try {
    return copy(value, new Map()) as T;
  } catch (error) {
    if (error === notPlain) return undefined;
    throw error;
  }
}

const notPlain = Symbol("not plain data");

function copy(value: unknown, copied: Map<object, object>): unknown {
  if (typeof value === "function") throw notPlain;
  if (typeof value !== "object" || value === null) return value;
  const before = copied.get(value);
  if (before) return before;
  const prototype = Object.getPrototypeOf(value);
  if (Array.isArray(value)) {
    const result: unknown[] = [];
    copied.set(value, result);
    for (const item of value) result.push(copy(item, copied));
    return result;
  }
  if (prototype === Date.prototype) return new Date(value as Date);
  if (prototype === Map.prototype) {
    const result = new Map();
    copied.set(value, result);
    for (const [key, item] of value as Map<unknown, unknown>) {
      result.set(copy(key, copied), copy(item, copied));
    }
    return result;
  }
  if (prototype === Set.prototype) {
    const result = new Set();
    copied.set(value, result);
    for (const item of value as Set<unknown>) result.add(copy(item, copied));
    return result;
  }
  if (prototype !== Object.prototype && prototype !== null) throw notPlain;
  const result = Object.create(prototype);
  copied.set(value, result);
  for (const key of Object.keys(value)) {
    const item = copy((value as Record<string, unknown>)[key], copied);
    // Assigning to `__proto__` would set the prototype instead of a property.
    if (key === "__proto__") {
      Object.defineProperty(result, key, {
        value: item,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    } else {
      result[key] = item;
    }
  }
  return result;
}
