import { type Clock, sleepUnless, systemClock } from "./clock.ts";
import { defaultOnError } from "./default_on_error.ts";
import { StoreError } from "./errors.ts";
import { type HandlerLog, HandlerLogger, logToConsole } from "./handler_log.ts";
import type { HandlerControls } from "./handler_options.ts";
import { processSignals, type Signals } from "./process_signals.ts";

/** A timer of more runs at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** What {@linkcode runHandlers} asks of a handler. */
export type RunnableHandler = Pick<
  HandlerControls,
  "name" | "start" | "stop" | "observe"
>;

/** Options of {@linkcode runHandlers}. */
export type RunHandlersOptions = {
  /**
   * The signals that stop the handlers, or false to leave signals alone: then
   * call `stop`. Default: SIGINT and SIGTERM, where the runtime has a process.
   */
  signals?: readonly string[] | false;
  /**
   * How long the events in hand may take to end, in milliseconds. After a
   * signal the process then exits with code 1; `stop()` throws. Default:
   * 10,000, the time that containers are given.
   */
  stopMs?: number;
  /** Where lines go. Default: as JSON to the console. */
  log?: (line: HandlerLog) => void;
};

/** Handlers that run until they are stopped. */
export type RunningHandlers = {
  /**
   * Lets the events in hand finish, stores the bookmarks and ends.
   *
   * @throws {StoreError} `STOP_OVERDUE` if that took longer than `stopMs`; the
   * handlers still stop when they can.
   */
  stop(): Promise<void>;
  /**
   * Resolves when all of them have stopped, after a signal or `stop()`. What
   * they need, such as connections, can then be closed.
   */
  readonly stopped: Promise<{
    /** The signal that stopped them; absent if it was `stop()`. */
    signal?: string;
  }>;
  /** Stops them at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Starts handlers and stops them again: at SIGINT or SIGTERM each ends the
 * event in hand and stores its bookmark, within a limit of time; a second
 * signal exits at once. One line of the log tells of each change that matters.
 *
 * The process is not ended by this: when `stopped` resolves, close what is
 * open, and it ends by itself.
 *
 * @example
 * ```ts
 * import { createHandler, runHandlers } from "evtstore";
 * import { createProvider } from "evtstore/provider/memory";
 *
 * const mails = createHandler<{ accounts: { type: "Opened" } }>({
 *   bookmark: "mails",
 *   streams: ["accounts"],
 *   provider: createProvider(),
 * });
 * const lines: string[] = [];
 * const service = runHandlers([mails], {
 *   log: ({ message }) => lines.push(message),
 * });
 * await service.stop(); // in a service: await service.stopped
 * ```
 *
 * @param handlers What to run; each once.
 * @param options Signals, limits, and where the log goes.
 * @returns How to stop them, and when they have stopped.
 * @throws {StoreError} `INVALID_INPUT`
 */
export function runHandlers(
  handlers: readonly RunnableHandler[],
  options: RunHandlersOptions = {},
): RunningHandlers {
  return new HandlerService(handlers, options);
}

/** What {@linkcode runHandlers} returns. */
export class HandlerService implements RunningHandlers {
  /** Resolves when all have stopped. */
  readonly stopped: Promise<{ signal?: string }>;
  #handlers: { handler: RunnableHandler; logger: HandlerLogger }[];
  #stopMs: number;
  #log: (line: HandlerLog) => void;
  #signals: Signals;
  #clock: Clock;
  #signal: string | undefined;
  #ending: Promise<void> | undefined;
  #ended!: (how: { signal?: string }) => void;
  #cleanUp: (() => void)[] = [];

  /**
   * @param clock What the limit is measured with.
   * @param signals Those of the process.
   */
  constructor(
    handlers: readonly RunnableHandler[],
    options: RunHandlersOptions,
    clock: Clock = systemClock,
    signals: Signals = processSignals,
  ) {
    const { stopMs = 10_000, log = logToConsole } = options;
    check(handlers, stopMs);
    this.#stopMs = stopMs;
    this.#clock = clock;
    this.#signals = signals;
    this.#log = (line) => {
      try {
        log(line);
      } catch (error) {
        // A logger that fails is no reason to stop.
        defaultOnError(error, "", line.handler ?? "");
      }
    };
    this.stopped = new Promise((resolve) => this.#ended = resolve);
    this.#handlers = handlers.map((handler) => ({
      handler,
      logger: new HandlerLogger(handler.name, this.#log),
    }));
    const names = options.signals ?? ["SIGINT", "SIGTERM"];
    for (const name of names || []) {
      this.#cleanUp.push(signals.listen(name, () => this.#received(name)));
    }
    for (const { handler, logger } of this.#handlers) {
      this.#cleanUp.push(handler.observe((change) => logger.changed(change)));
      logger.write("info", "started", "was started");
      handler.start();
    }
  }

  stop(): Promise<void> {
    return this.#ending ??= this.#stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #received(signal: string): void {
    if (this.#signal !== undefined) {
      this.#log({
        level: "error",
        event: "stopping",
        message: `Exits at once: ${signal} came while handlers were stopping`,
        signal,
      });
      return this.#signals.exit(this.#signals.exitCodeOf(signal));
    }
    this.#signal = signal;
    this.stop().catch(() => this.#signals.exit(1));
  }

  async #stop(): Promise<void> {
    const signal = this.#signal;
    const count = this.#handlers.length;
    this.#log({
      level: "info",
      event: "stopping",
      message: `Stops ${count} handler${count === 1 ? "" : "s"}${
        signal ? ` at ${signal}` : ""
      }`,
      ...signal && { signal },
    });
    const busy = new Set(this.#handlers);
    const inTime = new AbortController();
    const all = Promise.all(this.#handlers.map(async (one) => {
      one.logger.stopping();
      try {
        await one.handler.stop();
      } catch (error) {
        const message = `failed to stop: ${String(error)}`;
        one.logger.write("error", "stopped", message);
      }
      busy.delete(one);
    })).then(() => {
      inTime.abort();
      for (const end of this.#cleanUp) end();
      this.#ended({ ...signal && { signal } });
    });
    const never = new AbortController().signal;
    await Promise.race([
      all,
      sleepUnless(this.#clock, this.#stopMs, never, inTime),
    ]);
    if (busy.size === 0) return await all;
    for (const { logger } of busy) {
      logger.write(
        "error",
        "overdue",
        `has not stopped within ${this.#stopMs} ms: its callback still runs`,
      );
    }
    const names = [...busy].map(({ handler }) => handler.name);
    throw overdue(names, this.#stopMs);
  }
}

function overdue(names: string[], stopMs: number): StoreError {
  return new StoreError(
    "STOP_OVERDUE",
    `Cannot stop ${
      names.map((name) => `"${name}"`).join(", ")
    } within ${stopMs} ms: a callback still runs; give what it waits for a limit of time, or raise stopMs`,
    { bookmark: names[0]! },
  );
}

function check(handlers: readonly RunnableHandler[], stopMs: number): void {
  const twice = handlers.find((one, index) => handlers.indexOf(one) < index);
  if (twice) {
    throw new StoreError(
      "INVALID_INPUT",
      `Expected each handler once: "${twice.name}" is there twice`,
      { field: "handlers", bookmark: twice.name },
    );
  }
  if (!(stopMs >= 0 && stopMs <= LONGEST_MS)) {
    throw new StoreError(
      "INVALID_INPUT",
      `Expected stopMs to be milliseconds from 0 to ${LONGEST_MS}: got ${stopMs}`,
      { field: "stopMs" },
    );
  }
}
