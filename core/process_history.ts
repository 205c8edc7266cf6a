import type { BaseAggregate, ProvidedAggregate } from "./aggregate.ts";
import { readPages } from "./aggregate_pages.ts";
import type { Event, StoreEvent } from "./event.ts";
import type { Provider } from "./provider.ts";
import type { StoredPosition } from "./stored_position.ts";

/** The type of the event that says what a process manager decided. */
export const REACTED = "process.reacted";

/** How the causes begin that are timers. */
const TIMER = "timer:";

/** A command that was decided on. */
export type DecidedCommand = {
  /** Its group and name. */
  name: string;
  /** The aggregate that it is sent to. */
  aggregateId: string;
  /** What it is called with. */
  body: any;
};

/**
 * What was decided on one cause. It is stored before anything is done about it,
 * in one append with the process's own events: a repeat does the rest of it,
 * and does not decide again.
 */
export type Reacted = {
  type: typeof REACTED;
  /** What the reaction was to; no two of a process are to the same. */
  to: string;
  /** Where the event stood that it was a reaction to. */
  position?: StoredPosition;
  /** The commands to send, in this order. */
  commands?: DecidedCommand[];
  /** The timers to set. */
  timers?: { name: string; at: number }[];
  /** The timers to cancel. */
  cancelled?: string[];
  /** Whether the process is over. */
  ended?: true;
};

/** A timer as it was set. */
export type SetTimer = {
  /** Its name. */
  name: string;
  /** When it is due, in milliseconds since 1970. */
  at: number;
  /** The version of the event that set it. */
  version: number;
};

/** One reaction, and what became of the timers by it. */
export type Batch = {
  /** What was decided. */
  reacted: Reacted;
  /** Where it stands. */
  stored: StoreEvent<any>;
  /** The timers that it set. */
  set: SetTimer[];
  /** The timers that it replaced or cancelled. */
  dropped: SetTimer[];
};

/** Everything that one process has done. */
export class ProcessHistory {
  /** Which process. */
  readonly id: string;
  /** What its own events have folded into. */
  state: any;
  /** The version of its last event. */
  version = 0;
  /** Whether it is over. */
  ended = false;
  /** Where the event stood that it began with. */
  began: StoredPosition | undefined;
  /** The timers that are set. */
  readonly timers: Map<string, SetTimer> = new Map();
  #batches: Map<string, Batch> = new Map();
  #next: ProvidedAggregate<any, any>["toNextAggregate"];

  /** @param empty The state of a process that did not begin. */
  constructor(
    id: string,
    empty: object & BaseAggregate,
    next: ProvidedAggregate<any, any>["toNextAggregate"],
  ) {
    this.id = id;
    this.state = empty;
    this.#next = next;
  }

  /** What was decided on a cause, if that was. */
  batch(to: string): Batch | undefined {
    return this.#batches.get(to);
  }

  /** What was decided in the event of this version, if that is one. */
  batchAt(version: number): Batch | undefined {
    return [...this.#batches.values()].find(({ stored }) =>
      stored.version === version
    );
  }

  /** What was decided when timers fired. */
  ofTimers(): Batch[] {
    return [...this.#batches.values()].filter(({ reacted }) =>
      reacted.to.startsWith(TIMER)
    );
  }

  /** Adds what was stored next. */
  add(stored: StoreEvent<any>): void {
    this.state = this.#next(this.state, stored);
    const isFirst = this.version === 0;
    this.version = stored.version;
    const event: Event = stored.event;
    if (event.type !== REACTED) return;
    const reacted = event as Reacted;
    if (isFirst) this.began = reacted.position;
    this.#batches.set(reacted.to, this.#apply(reacted, stored));
  }

  #apply(reacted: Reacted, stored: StoreEvent<any>): Batch {
    const { timers = [], cancelled = [], ended = false } = reacted;
    // Who fires a timer takes it away at the end, when all else is done.
    const fired = [...this.timers.values()].find((timer) =>
      timerCause(timer) === reacted.to
    );
    if (fired) this.timers.delete(fired.name);
    const dropped: SetTimer[] = [];
    const drop = (name: string) => {
      const timer = this.timers.get(name);
      if (timer && this.timers.delete(name)) dropped.push(timer);
    };
    cancelled.forEach(drop);
    const set = timers.map((timer) => ({
      ...timer,
      version: stored.version,
    }));
    for (const timer of set) {
      drop(timer.name);
      this.timers.set(timer.name, timer);
    }
    if (ended) {
      this.ended = true;
      for (const name of [...this.timers.keys()]) drop(name);
    }
    return { reacted, stored, set, dropped };
  }
}

/** What a reaction to a timer is a reaction to. */
export function timerCause({ name, version }: SetTimer): string {
  return `${TIMER}${encodeURIComponent(name)}@${version}`;
}

/** Reads everything that a process has done. */
export async function readHistory(
  provider: Provider<any>,
  own: ProvidedAggregate<any, any>,
  empty: () => object,
  id: string,
): Promise<ProcessHistory> {
  const history = new ProcessHistory(
    id,
    { ...empty(), aggregateId: id, version: 0 },
    own.toNextAggregate,
  );
  for await (const page of readPages(provider, own.stream, id, undefined, {})) {
    for (const stored of page) history.add(stored);
  }
  return history;
}
