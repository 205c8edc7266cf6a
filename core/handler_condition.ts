import { defaultOnError } from "./default_on_error.ts";
import type { StoreEvent } from "./event.ts";
import type { EventFailure, FailureOutcome } from "./event_failure.ts";
import type { HandlerFailure, HandlerState } from "./handler_status.ts";
import type { HandlerOwner } from "./lease.ts";

/** What a handler tells those who observe it. */
export type HandlerChange =
  /** What it does now; often the same as before. */
  | {
    /** The kind of change. */
    type: "state";
    /** What it does. */
    state: HandlerState;
    /** Who works on the bookmark, where it stands by and knows. */
    owner?: HandlerOwner;
  }
  /** Something failed. */
  | {
    /** The kind of change. */
    type: "failed";
    /** What failed, and how often in a row. */
    failure: HandlerFailure;
    /** Whether it is tried again; if not, the handler goes on without it. */
    outcome: FailureOutcome;
  }
  /** What had failed has succeeded. */
  | {
    /** The kind of change. */
    type: "recovered";
  };

/** How a handler is, and who wants to know. It asks nothing of the store. */
export class HandlerCondition {
  #state: HandlerState = "stopped";
  #failure: HandlerFailure | undefined;
  #isFailing = false;
  #observers: HandlerObservers = new HandlerObservers();

  /** What the handler does. */
  get state(): HandlerState {
    return this.#state;
  }

  /** The last failure, also one that is over. */
  get failure(): HandlerFailure | undefined {
    return this.#failure;
  }

  /** Calls `observer` from now on; ends it by the function that it returns. */
  observe(observer: (change: HandlerChange) => void): () => void {
    return this.#observers.add(observer);
  }

  /** It does something else, or still the same. */
  become(state: HandlerState, owner?: HandlerOwner): void {
    this.#state = state;
    this.#tell({ type: "state", state, ...owner && { owner } });
  }

  /** A callback failed, or the store. */
  failed(error: unknown, failure: EventFailure | undefined, now: number): void {
    const at = new Date(now);
    const before = this.#failure;
    const inARow = before && before.attempts > 0 ? before : undefined;
    this.#failure = {
      error: failure ? failure.reason : error,
      at,
      since: inARow?.since ?? at,
      attempts: (inARow?.attempts ?? 0) + 1,
      ...failure && { event: failure.event },
    };
    const outcome = failure?.outcome ?? "retry";
    this.#isFailing = outcome === "retry";
    this.#tell({ type: "failed", failure: { ...this.#failure }, outcome });
  }

  /** An event is done; perhaps the one that had failed. */
  passed(event: StoreEvent<any>): void {
    if (!this.#isFailing) return;
    const failed = this.#failure!.event;
    // Another event says nothing: with lanes, they go on beside the one that fails.
    if (
      failed?.stream === event.stream && failed.version === event.version &&
      failed.aggregateId === event.aggregateId
    ) this.#recover();
  }

  /** All that there was is done. */
  caughtUp(): void {
    if (this.#failure) this.#failure.attempts = 0;
    if (this.#isFailing) this.#recover();
  }

  #recover(): void {
    this.#isFailing = false;
    this.#failure!.attempts = 0;
    this.#tell({ type: "recovered" });
  }

  #tell(change: HandlerChange): void {
    this.#observers.tell(change);
  }
}

/** Those who are told of what changes in a handler. */
export class HandlerObservers {
  #observers: Set<(change: HandlerChange) => void> = new Set();

  /** One more; it ends by the function that this returns. */
  add(observer: (change: HandlerChange) => void): () => void {
    // Wrapped, so that who observes twice is called twice, and ends once.
    const own = (change: HandlerChange) => observer(change);
    this.#observers.add(own);
    return () => void this.#observers.delete(own);
  }

  /** Tells all of them. */
  tell(change: HandlerChange): void {
    for (const observer of this.#observers) {
      try {
        observer(change);
      } catch (error) {
        // It must not end the handler that it looks at.
        defaultOnError(error, "", "");
      }
    }
  }
}
