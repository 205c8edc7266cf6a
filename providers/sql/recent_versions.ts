import { aggregateKey } from "../../core/aggregate_key.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import { setNewest } from "../../core/newest.ts";

/** How many aggregates are remembered. */
const MOST = 10_000;

/**
 * How long a version is taken for stored, in milliseconds: a command appends
 * right after its load. Not for longer, since a server that takes over for
 * another may lack the newest commits.
 */
const KEPT_MS = 1000;

type Recent = { version: number; until: number };

/**
 * How far aggregates have come a moment ago, by what was read or stored. An
 * append behind that need not ask whether the event before it exists: that the
 * next one does not is up to the unique index.
 */
export class RecentVersions {
  #recent = new Map<string, Recent>();
  #clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Whether the aggregate had reached this version. */
  has(stream: string, aggregateId: string, version: number): boolean {
    const recent = this.#recent.get(aggregateKey(stream, aggregateId));
    return recent !== undefined && version <= recent.version &&
      this.#clock.monotonic() < recent.until;
  }

  /** The aggregate has reached this version: that is committed. */
  add(stream: string, aggregateId: string, version: number): void {
    const key = aggregateKey(stream, aggregateId);
    const until = this.#clock.monotonic() + KEPT_MS;
    setNewest(this.#recent, key, { version, until }, MOST);
  }
}
