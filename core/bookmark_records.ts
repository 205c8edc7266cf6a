import { digest } from "./digest.ts";

/**
 * Records that belong to a bookmark: what is parked, which version is live, and
 * whether it is kept in slices.
 * Whoever reads a bookmark anew lists those of it, so that one query tells all.
 */
export const BOOKMARK_RECORD = "evtstore.parked";

/** What the keys of a bookmark's records begin with; a name may be too long. */
export function prefixOf(bookmark: string): string {
  return `${digest(bookmark)}-`;
}

/** The key of the record that says which version of a handler is live. */
export function liveVersionKey(name: string): string {
  return `${prefixOf(name)}live`;
}

/** The key of the record that says that a handler is kept in slices. */
export function slicedKey(name: string): string {
  return `${prefixOf(name)}sliced`;
}

/** Whether a record of that kind is of a parked aggregate. */
export function isOfParked(key: string): boolean {
  return !key.endsWith("-live") && !key.endsWith("-sliced");
}
