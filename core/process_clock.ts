import type { Clock } from "./clock.ts";

// Not a module's own symbol: an application may have the library twice.
const key = Symbol.for("evtstore.process.clock");

/** The clock of a process manager, which a specification can stop. */
export class ProcessClock implements Clock {
  #clock: Clock;
  #stopped: number | undefined;

  /** @param clock What it shows until it is stopped. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Shows this time from now on, in milliseconds since 1970. */
  stopAt(ms: number): void {
    this.#stopped = ms;
  }

  now(): number {
    return this.#stopped ?? this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  random(): number {
    return this.#clock.random();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#clock.sleep(ms, signal);
  }
}

/** Notes the clock of a process manager, out of the way of who looks at it. */
export function withClock<T extends object>(value: T, clock: ProcessClock): T {
  return Object.defineProperty(value, key, { value: clock });
}

/** The clock of a process manager, if it is one of this library. */
export function clockOf(value: object): ProcessClock | undefined {
  return (value as { [key]?: ProcessClock })[key];
}
