import { clearTimeout, setTimeout } from "node:timers";
import type { ErrorCallback } from "../core/provider.ts";
import { AppendListeners } from "./append_listeners.ts";
import type { MongoChangeStream } from "./mongo_driver.ts";
import { readHead } from "./mongo_read.ts";
import { report } from "./report.ts";
import type { MongoLog } from "./mongo_store.ts";

/** How soon an append of another process is noticed without a change stream. */
const FIRST_POLL_MS = 50;
const LAST_POLL_MS = 1000;
const REOPEN_MS = 1000;

/** A server that has no change streams, or does not let us have one. */
const NO_STREAMS = new Set([40573, 40324, 59, 115, 13, 303]);

const NEW_EVENTS = [
  { $match: { operationType: "insert" } },
  { $project: { _id: 1 } },
];

/**
 * Tells listeners that events were appended: by this process at once, by others
 * as a change stream says, and where there is none as the head of the log
 * moves. It does something only while somebody listens.
 */
export class AppendWatcher {
  #open: () => Promise<MongoLog>;
  #onError: ErrorCallback;
  #listeners: AppendListeners;
  #session: WatchSession | undefined;

  /**
   * @param open The log.
   * @param onError Learns of failures to look at it, each once until it is over.
   */
  constructor(open: () => Promise<MongoLog>, onError: ErrorCallback) {
    this.#open = open;
    this.#onError = onError;
    this.#listeners = new AppendListeners(onError);
  }

  /** Calls `listener` after appends. @returns A function that ends it. */
  watch(listener: () => void): () => void {
    const remove = this.#listeners.add(listener);
    this.#session ??= new WatchSession(
      this.#open,
      () => this.appended(),
      (error) => report(this.#onError, error),
    );
    return () => {
      remove();
      if (this.#listeners.size > 0) return;
      this.#session?.end();
      this.#session = undefined;
    };
  }

  /** Something was appended. */
  appended(): void {
    this.#listeners.wake();
  }
}

/** From the first listener to the last. */
class WatchSession {
  #open: () => Promise<MongoLog>;
  #wake: () => void;
  #report: (error: unknown) => void;
  #isOver = false;
  #stream: MongoChangeStream | undefined;
  #endPause: () => void = () => {};
  #failure = "";

  constructor(
    open: () => Promise<MongoLog>,
    wake: () => void,
    report: (error: unknown) => void,
  ) {
    this.#open = open;
    this.#wake = wake;
    this.#report = report;
    this.#run();
  }

  end(): void {
    this.#isOver = true;
    this.#endPause();
    // Its `next` ends by this with an error, which nobody needs.
    this.#stream?.close().catch(() => {});
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      try {
        const log = await this.#open();
        const hasStreams = await this.#follow(log);
        if (!hasStreams) await this.#poll(log);
      } catch (error) {
        if (this.#isOver) return;
        const failure = String(error);
        if (failure !== this.#failure) this.#report(error);
        this.#failure = failure;
        await this.#pause(REOPEN_MS);
      }
    }
  }

  /** @returns False where there are no change streams. */
  async #follow(log: MongoLog): Promise<boolean> {
    const stream: MongoChangeStream = log.events.watch(NEW_EVENTS);
    this.#stream = stream;
    try {
      await stream.tryNext();
      this.#failure = "";
      // It begins here; nobody knows what came before.
      if (!this.#isOver) this.#wake();
      while (!this.#isOver) {
        await stream.next();
        if (!this.#isOver) this.#wake();
      }
      return true;
    } catch (error) {
      if (this.#isOver) return true;
      if (NO_STREAMS.has((error as { code?: number }).code!)) return false;
      throw error;
    } finally {
      this.#stream = undefined;
      await stream.close().catch(() => {});
    }
  }

  async #poll(log: MongoLog): Promise<void> {
    let head: bigint | undefined;
    let pause = FIRST_POLL_MS;
    while (!this.#isOver) {
      const found = await readHead(log);
      this.#failure = "";
      if (this.#isOver) return;
      pause = found === head
        ? Math.min(pause * 1.2, LAST_POLL_MS)
        : FIRST_POLL_MS;
      if (found !== head) this.#wake();
      head = found;
      await this.#pause(pause);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      // It keeps no process alive.
      const timer = setTimeout(resolve, ms).unref();
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
