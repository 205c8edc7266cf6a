import { clearTimeout, setTimeout } from "node:timers";
import { StoreError } from "../../core/errors.ts";
import type { ErrorCallback } from "../../core/provider.ts";
import { createDeferred } from "./deferred.ts";
import { toStoreError } from "./postgres_errors.ts";
import type { PostgresListener } from "./postgres_executor.ts";
import { report } from "../report.ts";

/** How long a connection, or the answer to a question, may take. */
const ANSWER_MS = 5000;
/** How often the connection is asked whether it is alive. */
const PROBE_MS = 30_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 60_000;

/** What an {@linkcode AppendListener} asks of the database. */
export type NotificationSource = {
  /** The channel of the table of events. */
  channel(): Promise<string>;
  /** Listens by a connection of its own. @returns A function that ends it. */
  listen(
    channel: string,
    listener: PostgresListener,
  ): Promise<() => Promise<void>>;
  /** Sends a notification, by any other connection. */
  notify(payload: string): Promise<void>;
};

/** The times of an {@linkcode AppendListener}, in milliseconds. */
export type ListenerTimes = {
  /** How long a connection, or the answer to a question, may take. */
  answer: number;
  /** How often the connection is asked whether it is alive. */
  probe: number;
  /** The first pause before it connects again; each is twice the last one. */
  retry: number;
};

/**
 * Listens for what other providers announce, and connects again when it has to.
 * Whether it works is tried from end to end, by a notification to itself: a
 * connection that died in silence and PgBouncer in transaction mode fail
 * without an error.
 */
export class AppendListener {
  #source: NotificationSource;
  #sender: string;
  #changed: () => void;
  #onError: ErrorCallback;
  #times: ListenerTimes;
  #isOver = false;
  #isListening = false;
  #isHeard: () => void = () => {};
  #stop: () => void = () => {};
  #failure = "";

  /**
   * @param source The database.
   * @param sender What its own notifications begin with.
   * @param changed Called when events may be new, or `isListening` is.
   * @param onError Learns of failures, each once until it is over.
   */
  constructor(
    source: NotificationSource,
    sender: string,
    changed: () => void,
    onError: ErrorCallback,
    times: ListenerTimes = {
      answer: ANSWER_MS,
      probe: PROBE_MS,
      retry: FIRST_RETRY_MS,
    },
  ) {
    this.#source = source;
    this.#sender = sender;
    this.#changed = changed;
    this.#onError = onError;
    this.#times = times;
    this.#run();
  }

  /** Whether it was told of everything that was announced until now. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** Closes the connection. */
  end(): void {
    this.#isOver = true;
    this.#isListening = false;
    this.#stop();
  }

  /** A notification that alive ones answer, and that wakes nobody. */
  static probeOf(sender: string): string {
    return `${sender} ?`;
  }

  async #run(): Promise<void> {
    let pause = this.#times.retry;
    while (!this.#isOver) {
      try {
        await this.#follow(() => {
          pause = this.#times.retry;
        });
      } catch (error) {
        if (this.#isOver) return;
        this.#tell(toStoreError(error, { what: "LISTEN" }));
      }
      if (this.#isOver) return;
      const stopped = createDeferred<void>();
      this.#stop = stopped.resolve;
      await isInTime(stopped.promise, pause);
      pause = Math.min(pause * 2, LAST_RETRY_MS);
    }
  }

  /** Listens until the connection is lost. */
  async #follow(isAlive: () => void): Promise<void> {
    const channel = await this.#source.channel();
    if (this.#isOver) return;
    const { promise: end, resolve, reject } = createDeferred<void>();
    this.#stop = resolve;
    end.catch(() => {});
    const opening = this.#source.listen(channel, {
      notified: (payload) => this.#notified(payload),
      lost: reject,
    });
    try {
      const isOpen = await isInTime(
        Promise.race([opening, end]),
        this.#times.answer,
      );
      if (!isOpen) throw noConnection(this.#times.answer);
      do {
        if (this.#isOver) return;
        await this.#probe(end);
        if (this.#isOver) return;
        isAlive();
        this.#failure = "";
        // It begins here; nobody was told of what came before.
        if (!this.#isListening) {
          this.#isListening = true;
          this.#changed();
        }
      } while (!await isInTime(end, this.#times.probe));
    } finally {
      // It may come to be open later, or be too far gone for a farewell.
      opening.then((close) => close()).catch(() => {});
      if (this.#isListening) {
        this.#isListening = false;
        this.#changed();
      }
    }
  }

  async #probe(end: Promise<void>): Promise<void> {
    const heard = createDeferred<void>();
    this.#isHeard = heard.resolve;
    await this.#source.notify(AppendListener.probeOf(this.#sender));
    const isHeard = await isInTime(
      Promise.race([heard.promise, end]),
      this.#times.answer,
    );
    if (!isHeard) throw unheard();
  }

  #notified(payload: string | undefined): void {
    if (this.#isOver) return;
    if (payload?.startsWith(this.#sender)) this.#isHeard();
    else if (!payload?.endsWith("?")) this.#changed();
  }

  #tell(error: unknown): void {
    const failure = String(error);
    if (failure !== this.#failure) report(this.#onError, error);
    this.#failure = failure;
  }
}

/** Whether it resolves in time; waiting for it keeps no process alive. */
async function isInTime(
  promise: Promise<unknown>,
  ms: number,
): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
    timer.unref();
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

function noConnection(ms: number): StoreError {
  return new StoreError(
    "CONNECTION_LOST",
    `Cannot run LISTEN: no connection within ${ms} ms; handlers poll meanwhile`,
  );
}

function unheard(): StoreError {
  return new StoreError(
    "NOT_SUPPORTED",
    'Cannot wake handlers by notifications, as one that was sent did not arrive; they poll meanwhile: connect to the server directly rather than through PgBouncer in transaction mode, or leave "notify" out',
    { field: "notify" },
  );
}
