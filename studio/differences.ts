import type { Json, StateChange } from "./api.ts";

/** So many are more than anybody reads: then the whole is one change. */
const MOST_CHANGES = 1000;

/** What is different between two states, from the outside in. */
export function differencesOf(before: Json, after: Json): StateChange[] {
  const changes: StateChange[] = [];
  compare([], before, after, changes);
  return changes.length > MOST_CHANGES
    ? [{ path: [], before, after }]
    : changes;
}

function compare(
  path: (string | number)[],
  before: Json,
  after: Json,
  changes: StateChange[],
): void {
  if (changes.length > MOST_CHANGES || before === after) return;
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    for (let index = 0; index < length; index++) {
      compareAt([...path, index], before, after, index, changes);
    }
    return;
  }
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    for (const key of keys) {
      compareAt([...path, key], before, after, key, changes);
    }
    return;
  }
  changes.push({ path, before, after });
}

function compareAt(
  path: (string | number)[],
  before: object,
  after: object,
  key: string | number,
  changes: StateChange[],
): void {
  const [had, has] = [Object.hasOwn(before, key), Object.hasOwn(after, key)];
  const [old, now] = [before, after].map((one) =>
    (one as { [key: string]: Json })[key]!
  ) as [Json, Json];
  if (had && has) compare(path, old, now, changes);
  else if (had) changes.push({ path, before: old });
  else if (has) changes.push({ path, after: now });
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
