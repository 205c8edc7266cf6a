import { aggregateKey } from "./aggregate_key.ts";
import { hash } from "./hash.ts";

/**
 * Into how many slices the aggregates of a handler with `shards` are divided,
 * for ever: each slice has a bookmark of its own.
 */
export const SLICES = 64;

/** The numbers of all slices. */
export const allSlices: readonly number[] = Array.from(
  { length: SLICES },
  (_, slice) => slice,
);

/**
 * In which slice an aggregate is, from 0 to 63. Bookmarks are stored by it, so
 * it never changes: the hash of the stream's name, a NUL and the id, modulo 64.
 * No name contains NUL.
 */
export function sliceOf(
  { stream, aggregateId }: { stream: string; aggregateId: string },
): number {
  return hash(aggregateKey(stream, aggregateId)) % SLICES;
}

/** To which of several shards a slice belongs: each has as many, or one more. */
export function shardOf(slice: number, shards: number): number {
  return Math.floor(slice * shards / SLICES);
}

/** The bookmark of a slice. */
export function sliceBookmark(handler: string, slice: number): string {
  return `${handler}@slice-${String(slice).padStart(2, "0")}`;
}

/** Of which handler and slice a bookmark is; undefined if of none. */
export function toSlice(
  bookmark: string,
): { handler: string; slice: number } | undefined {
  const found = /(.+)@slice-(\d\d)$/s.exec(bookmark);
  const slice = Number(found?.[2]);
  if (!found || slice >= SLICES) return undefined;
  return { handler: found[1]!, slice };
}
