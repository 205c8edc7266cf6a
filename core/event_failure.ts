import { defaultOnError } from "./default_on_error.ts";
import type { Event, StoreEvent } from "./event.ts";
import type { Provider } from "./provider.ts";

/** What a callback threw, with the event that it was given. */
export class EventFailure extends Error {
  override name = "EventFailure";
  /** What the callback threw. */
  reason: unknown;
  /** The event that it was given. */
  event: StoreEvent<any>;

  /** @param reason What the callback threw. */
  constructor(reason: unknown, event: StoreEvent<any>) {
    super("The callback of an event failed", { cause: reason });
    this.reason = reason;
    this.event = event;
  }
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
