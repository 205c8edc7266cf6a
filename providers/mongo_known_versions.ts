import { setNewest } from "../core/newest.ts";

/** How many aggregates are remembered. */
const MOST = 10_000;

/** An event of an aggregate that is stored for good, the newest known. */
type Known = { version: number; position: bigint };

/**
 * How far aggregates are known to have come: what was read by majority, or
 * stored, stays. An append after it need not ask whether the event before it
 * exists, and a read after it need not look at the events before.
 */
export class KnownVersions {
  #known = new Map<string, Known>();

  /** Whether the aggregate has reached this version. */
  has(stream: string, aggregateId: string, version: number): boolean {
    const known = this.#known.get(toKey(stream, aggregateId));
    return version <= (known?.version ?? 0);
  }

  /** The version that has this position, if it is the newest known. */
  versionAt(
    stream: string,
    aggregateId: string,
    position: bigint,
  ): number | undefined {
    const known = this.#known.get(toKey(stream, aggregateId));
    return known?.position === position ? known.version : undefined;
  }

  /** The aggregate has reached this version. */
  add(
    stream: string,
    aggregateId: string,
    version: number,
    position: bigint,
  ): void {
    if (this.has(stream, aggregateId, version)) return;
    const key = toKey(stream, aggregateId);
    setNewest(this.#known, key, { version, position }, MOST);
  }
}

/** One text for the two names of an aggregate. */
export function toKey(stream: string, aggregateId: string): string {
  return JSON.stringify([stream, aggregateId]);
}
