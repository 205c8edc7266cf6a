import { type HandlerChange, HandlerObservers } from "./handler_condition.ts";
import type { HandlerFailure, HandlerState } from "./handler_status.ts";

/** The first of these that one of the slices is in is what the whole does. */
const order: HandlerState[] = [
  "retired",
  "retrying",
  "working",
  "idle",
  "standby",
];

/** What all slices of a handler do together, and who wants to know. */
export class SlicesCondition {
  #observers: HandlerObservers = new HandlerObservers();
  #states: HandlerState[] = [];
  #failing: Set<number> = new Set();
  #failure: HandlerFailure | undefined;
  #before: HandlerState | undefined;
  #told: HandlerState = "stopped";

  /** Calls `observer` from now on; ends it by the function that it returns. */
  observe(observer: (change: HandlerChange) => void): () => void {
    return this.#observers.add(observer);
  }

  /** What the handler does, of what its slices do. */
  stateOf(states: HandlerState[]): HandlerState {
    return this.#before ?? order.find((state) => states.includes(state)) ??
      "stopped";
  }

  /** What it does before any slice was begun; undefined from then on. */
  become(state: HandlerState | undefined): void {
    this.#before = state;
    this.#tellState();
  }

  /** The last failure that was none of a slice. */
  get failure(): HandlerFailure | undefined {
    return this.#failure;
  }

  /** Something failed before any slice was begun. */
  failed(error: unknown, now: number): void {
    const at = new Date(now);
    const before = this.#failure;
    const inARow = before && before.attempts > 0 ? before : undefined;
    this.#failure = {
      ...{ error, at, since: inARow?.since ?? at },
      attempts: (inARow?.attempts ?? 0) + 1,
    };
    const failure = { ...this.#failure };
    this.#observers.tell({ type: "failed", failure, outcome: "retry" });
  }

  /** What failed before any slice was begun has succeeded. */
  begun(): void {
    const failure = this.#failure;
    if (!failure || failure.attempts === 0) return;
    failure.attempts = 0;
    this.#observers.tell({ type: "recovered" });
  }

  /** A slice has changed. */
  changed(slice: number, change: HandlerChange): void {
    if (change.type === "state") {
      this.#states[slice] = change.state;
      return this.#tellState();
    }
    if (change.type === "failed") {
      if (change.outcome === "retry") this.#failing.add(slice);
      else this.#failing.delete(slice);
      return this.#observers.tell(change);
    }
    this.#failing.delete(slice);
    if (this.#failing.size === 0) this.#observers.tell(change);
  }

  #tellState(): void {
    const state = this.stateOf(this.#states);
    if (state === this.#told) return;
    this.#told = state;
    this.#observers.tell({ type: "state", state });
  }
}
