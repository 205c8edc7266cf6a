import type { StoreEvent } from "evtstore";
import { lineOf } from "./log.ts";

/** How handlers' work compares with the log. */
export type HandledCounts = {
  /** Events in the log. */
  events: number;
  /** Events that the plain handler never saw. */
  skipped: number;
  /** Events that it saw again. */
  repeated: number;
  /** Events that are not in the read model. */
  lost: number;
  /** Events that are in the read model more than once. */
  duplicated: number;
  /** Lines of the read model that no event is behind. */
  invented: number;
  /** Events that a run of the plain handler saw out of their order. */
  unordered: number;
};

/**
 * Compares what was handled with what is stored.
 *
 * @param runs What each run of the plain handler saw, in its order.
 * @param rows What the transactional handler has written.
 */
export function compareHandled(
  log: StoreEvent<any>[],
  runs: string[][],
  rows: string[],
): HandledCounts {
  const lines = log.map(lineOf);
  const stored = new Set(lines);
  const seen = new Set(runs.flat());
  const written = new Set(rows);
  const missing = (from: Set<string>) =>
    lines.filter((line) => !from.has(line)).length;
  return {
    events: lines.length,
    skipped: missing(seen),
    repeated: runs.flat().length - seen.size,
    lost: missing(written),
    duplicated: rows.length - written.size,
    invented: [...written, ...seen].filter((line) => !stored.has(line)).length,
    unordered: countUnordered(runs),
  };
}

/**
 * Events of an aggregate that came before one of a lower version had been
 * handled by this run or an earlier one. What comes again comes in order.
 */
function countUnordered(runs: string[][]): number {
  const highest = new Map<string, number>();
  let count = 0;
  for (const run of runs) {
    const last = new Map<string, number>();
    for (const line of run) {
      const at = line.lastIndexOf(" ");
      const [aggregate, version] = [line.slice(0, at), +line.slice(at + 1)];
      const before = last.get(aggregate);
      const isNext = before === undefined
        ? version <= (highest.get(aggregate) ?? 0) + 1
        : version === before + 1;
      // After an error a run goes on from its bookmark.
      const isAgain = before !== undefined && version <= before;
      if (!isNext && !isAgain) count++;
      last.set(aggregate, version);
      highest.set(
        aggregate,
        Math.max(version, highest.get(aggregate) ?? 0),
      );
    }
  }
  return count;
}

/** Whether everything was handled. */
export function isComplete(
  log: StoreEvent<any>[],
  seen: Iterable<string>,
  rows: string[],
): boolean {
  const [one, other] = [new Set(seen), new Set(rows)];
  return log.every((event) => {
    const line = lineOf(event);
    return one.has(line) && other.has(line);
  });
}
