import { defaultOnError } from "./default_on_error.ts";
import { StoreError } from "./errors.ts";
import type { Event, StoreEvent } from "./event.ts";
import type { Provider } from "./provider.ts";

/** What becomes of an event whose callback threw. */
export type FailureOutcome = "retry" | "parked" | "skipped";

/** What a callback threw, with the event that it was given. */
export class EventFailure extends Error {
  override name = "EventFailure";
  /** What the callback threw. */
  reason: unknown;
  /** The event that it was given. */
  event: StoreEvent<any>;
  /** Whether somebody was told of it. */
  told = false;
  /** Whether it is tried again; if not, what the handler does about it. */
  outcome: FailureOutcome = "retry";

  /** @param reason What the callback threw. */
  constructor(reason: unknown, event: StoreEvent<any>) {
    super("The callback of an event failed", { cause: reason });
    this.reason = reason;
    this.event = event;
  }
}

/** The same failure, as the one that an event was parked for. */
export function parkedFor(
  { reason, event }: EventFailure,
  bookmark: string,
): EventFailure {
  const parked = parkedError(event, bookmark, reason);
  return Object.assign(new EventFailure(parked, event), { outcome: "parked" });
}

/** Says that an event is parked, or behind one that is. */
export function parkedError(
  { stream, aggregateId, version }: {
    stream: string;
    aggregateId: string;
    version: number;
  },
  bookmark: string,
  cause?: unknown,
): StoreError {
  return new StoreError(
    "EVENT_PARKED",
    `Handler "${bookmark}" has parked version ${version} of "${aggregateId}" in stream "${stream}", and with it what comes after: repair what its callback failed at, then replay() or discard() it`,
    { stream, aggregateId, bookmark, cause },
  );
}

/**
 * Tells the provider's `onError` of a failure of a handler. One that fails
 * itself must neither end the handler nor be silent.
 */
export function reportFailure(
  provider: Provider<any>,
  error: unknown,
  streams: string[],
  bookmark: string,
): void {
  const failure = error instanceof EventFailure ? error : undefined;
  const event = failure && describe(failure.event);
  const stream = event?.stream ?? streams.join(", ");
  const failed = (error: unknown) =>
    defaultOnError(error, stream, bookmark, event);
  try {
    const reason = failure ? failure.reason : error;
    const answer = provider.onError(reason, stream, bookmark, event);
    Promise.resolve(answer).catch(failed);
  } catch (error) {
    failed(error);
  }
}

/** The stored event, which also has its type as `ErrorCallback` says. */
function describe(stored: StoreEvent<Event>): Event & StoreEvent<Event> {
  return { ...stored, type: stored.event.type };
}

/** To the caller goes what the callback threw. */
export function throwReason(error: unknown): never {
  throw error instanceof EventFailure ? error.reason : error;
}
