import { aggregateKey } from "./aggregate_key.ts";
import type { Clock } from "./clock.ts";
import { StoreError } from "./errors.ts";
import type { StoreEvent } from "./event.ts";
import { parkedError } from "./event_failure.ts";
import type { HandledOptions } from "./handler_options.ts";
import type { Provider } from "./provider.ts";
import { checkName } from "./validation.ts";

const TIMEOUT_MS = 5000;
const FIRST_PAUSE_MS = 10;
const LAST_PAUSE_MS = 250;

/** Somebody who waits for an event to be handled. */
export type Waiter = {
  /** Aborts when it was. */
  readonly signal: AbortSignal;
  /** Waits no longer. */
  forget(): void;
};

type Waiting = { version: number; handled: AbortController };

/** Wakes those who wait for an event that this process handles. */
export class HandledEvents {
  #waiting: Map<string, Set<Waiting>> = new Map();

  /** Waits for a version of an aggregate, or a later one. */
  wait(stream: string, aggregateId: string, version: number): Waiter {
    const key = aggregateKey(stream, aggregateId);
    const waiting = { version, handled: new AbortController() };
    let all = this.#waiting.get(key);
    if (!all) this.#waiting.set(key, all = new Set());
    all.add(waiting);
    return {
      signal: waiting.handled.signal,
      forget: () => {
        if (all.delete(waiting) && all.size === 0) this.#waiting.delete(key);
      },
    };
  }

  /** An event was handled, or passed over because it has no callback. */
  passed({ stream, aggregateId, version }: StoreEvent<any>): void {
    if (this.#waiting.size === 0) return;
    for (
      const one of this.#waiting.get(aggregateKey(stream, aggregateId)) ?? []
    ) {
      if (one.version <= version) one.handled.abort();
    }
  }
}

/** The event that is waited for. */
type Target = { stream: string; aggregateId: string; version: number };

/** What the waiting needs to know of a handler. */
export type HandledContext = {
  /** The name of its bookmark. */
  bookmark: string;
  /** The streams it handles. */
  streams: string[];
  /** Where the events are. */
  provider: Provider<any>;
  /** Measures the time. */
  clock: Clock;
  /** Wakes at once what this process handles. */
  handled: HandledEvents;
  /** Where the handler stands now, in this process or another. */
  position(): Promise<any>;
  /**
   * Whether an event is parked, or behind one that is; undefined if `position`
   * was of somebody else than who handles it now.
   */
  isParked(
    stream: string,
    aggregateId: string,
    version: number,
  ): Promise<boolean | undefined>;
  /** Told once that it takes longer than it should. */
  takesLong(): Promise<void>;
};

/**
 * Waits until a handler has handled an event.
 *
 * @throws {StoreError} `HANDLER_BEHIND` if that took too long, `EVENT_PARKED` if
 * it waits for a repair; `INVALID_INPUT`.
 */
export async function waitUntilHandled(
  target: Target,
  options: HandledOptions,
  context: HandledContext,
): Promise<void> {
  const { timeout = TIMEOUT_MS, signal } = options;
  checkTarget(target, timeout, context);
  const { stream, aggregateId, version } = target;
  const { clock, bookmark } = context;
  const deadline = clock.monotonic() + timeout;
  const waiter = context.handled.wait(stream, aggregateId, version);
  const wake = signal
    ? AbortSignal.any([waiter.signal, signal])
    : waiter.signal;
  try {
    let pause = FIRST_PAUSE_MS;
    let isLong = false;
    while (true) {
      signal?.throwIfAborted();
      if (waiter.signal.aborted) return;
      if (await isPassed(target, context)) {
        const isParked = await context.isParked(stream, aggregateId, version);
        if (isParked === false) return;
        if (isParked) throw parkedError(target, bookmark);
      }
      const left = deadline - clock.monotonic();
      if (left <= 0) {
        throw new StoreError(
          "HANDLER_BEHIND",
          `Handler "${bookmark}" has not handled version ${version} of "${aggregateId}" in stream "${stream}" within ${timeout} ms: see its status()`,
          { stream, aggregateId, bookmark },
        );
      }
      await clock.sleep(Math.min(pause, left), wake);
      pause = Math.min(pause * 1.5, LAST_PAUSE_MS);
      if (pause < LAST_PAUSE_MS || isLong) continue;
      isLong = true;
      await context.takesLong();
    }
  } finally {
    waiter.forget();
  }
}

/** Positions are opaque: an event behind the bookmark is one that it still gives. */
async function isPassed(
  { stream, aggregateId, version }: Target,
  { provider, position }: HandledContext,
): Promise<boolean> {
  const place = await position();
  const [next] = await provider.getEventsFor(stream, aggregateId, place, {
    limit: 1,
  });
  if (next) return next.version > version;
  const last = await provider.getLastEventFor(stream, aggregateId);
  return last !== undefined && last.version >= version;
}

function checkTarget(
  { stream, aggregateId, version }: Target,
  timeout: number,
  { streams, bookmark }: HandledContext,
): void {
  checkName("aggregateId", aggregateId);
  if (!streams.includes(stream)) {
    throw new StoreError(
      "INVALID_INPUT",
      `Expected stream to be one of handler "${bookmark}" (${
        streams.join(", ")
      }): got "${stream}"`,
      { field: "stream", stream, bookmark },
    );
  }
  if (!Number.isInteger(version) || version < 1) {
    throw new StoreError(
      "INVALID_INPUT",
      `Expected version to be a whole number above 0, as of an aggregate that a command returned: got ${version}`,
      { field: "version", stream, aggregateId, bookmark },
    );
  }
  if (!(timeout > 0)) {
    throw new StoreError(
      "INVALID_INPUT",
      `Expected timeout to be a number of milliseconds above 0: got ${timeout}`,
      { field: "timeout", bookmark },
    );
  }
}
