import type { HandlerChange } from "./handler_condition.ts";
import type { HandlerFailure } from "./handler_status.ts";
import { describeFailure, type ParkedError } from "./parked_error.ts";

/** What is worth a line in the log of a service. */
export type HandlerLogEvent =
  /** A handler was started. */
  | "started"
  /** It works: it has the lease, where there is one. */
  | "active"
  /** It waits, because another process works. */
  | "standby"
  /** It failed and tries again; the first time, then ever more rarely. */
  | "failing"
  /** What had failed has succeeded. */
  | "recovered"
  /** It has parked an event. */
  | "parked"
  /** It has passed over an event that failed. */
  | "skipped"
  /** The service was told to stop. */
  | "stopping"
  /** A handler has stopped. */
  | "stopped"
  /** A later version of it, or one with shards, has taken over. */
  | "retired"
  /** A handler did not stop in time. */
  | "overdue";

/** A line in the log of a service. It has nothing of what events contain. */
export type HandlerLog = {
  /** How bad it is, as loggers call it. */
  level: "info" | "warn" | "error";
  /** What happened. */
  event: HandlerLogEvent;
  /** The same as a sentence. */
  message: string;
  /** The bookmark of the handler; absent if it is about all of them. */
  handler?: string;
  /** The process that works, as its machine knows it. */
  owner?: string;
  /** The signal that it was told to stop by. */
  signal?: string;
  /** How often it has failed in a row. */
  attempts?: number;
  /** What it failed at. */
  error?: ParkedError;
  /** The stream of the event in hand. */
  stream?: string;
  /** The aggregate of the event in hand. */
  aggregateId?: string;
  /** The version of the event in hand. */
  version?: number;
  /** The type of the event in hand. */
  type?: string;
};

/** Writes a line of JSON to the console. */
export function logToConsole(line: HandlerLog): void {
  const { level, ...rest } = line;
  const time = new Date().toISOString();
  console[level](JSON.stringify({ time, level, ...rest }));
}

/** Makes of all that changes in a handler the few lines that matter. */
export class HandlerLogger {
  #handler: string;
  #log: (line: HandlerLog) => void;
  #role: "active" | "standby" | undefined;
  #failing: string | undefined;
  #isStopping = false;

  /** @param handler The name of its bookmark. */
  constructor(handler: string, log: (line: HandlerLog) => void) {
    this.#handler = handler;
    this.#log = log;
  }

  /** Writes a line about this handler. */
  write(
    level: HandlerLog["level"],
    event: HandlerLogEvent,
    message: string,
    facts: Partial<HandlerLog> = {},
  ): void {
    const handler = this.#handler;
    this.#log({
      level,
      event,
      message: `Handler "${handler}" ${message}`,
      handler,
      ...facts,
    });
  }

  /** Its stop is asked for from now on. */
  stopping(): void {
    this.#isStopping = true;
  }

  /** Writes a line if the change is worth one. */
  changed(change: HandlerChange): void {
    if (change.type === "failed") return this.#failed(change);
    if (change.type === "recovered") {
      if (this.#failing === undefined) return;
      this.#failing = undefined;
      return this.write("info", "recovered", "goes on again");
    }
    const { state, owner } = change;
    if (state === "working") this.#becomeActive();
    // At its start it stands by until it knows who works, perhaps nobody.
    if (state === "standby" && owner) this.#becomeStandby(owner.process);
    if (state === "retired") {
      this.#role = this.#failing = undefined;
      this.write(
        "info",
        "retired",
        "works no more: a later version, or one with shards, has taken over",
      );
    }
    if (state === "stopped") {
      this.#role = this.#failing = undefined;
      if (this.#isStopping) this.write("info", "stopped", "has stopped");
      else this.write("warn", "stopped", "has stopped by itself");
    }
  }

  #becomeActive(): void {
    if (this.#role === "active") return;
    this.#role = "active";
    this.write("info", "active", "is at work");
  }

  #becomeStandby(process: string): void {
    if (this.#role === "standby") return;
    this.#role = "standby";
    this.#failing = undefined;
    const who = process || "another process";
    this.write("info", "standby", `stands by: ${who} is at work`, {
      owner: process,
    });
  }

  #failed(
    { failure, outcome }: Extract<HandlerChange, { type: "failed" }>,
  ): void {
    const { attempts } = failure;
    const facts = factsOf(failure);
    const { message } = facts.error;
    const place = facts.version === undefined
      ? ""
      : ` at version ${facts.version} of "${facts.aggregateId}" in stream "${facts.stream}"`;
    if (outcome !== "retry") {
      this.#failing = undefined;
      const verb = outcome === "parked" ? "has parked" : "has skipped";
      const what = `${verb} an event${place}: ${message}`;
      return this.write("error", outcome, what, facts);
    }
    const isNews = this.#failing !== message;
    this.#failing = message;
    // A pause is twice as long each time, and the log as quiet.
    if (!isNews && !Number.isInteger(Math.log2(attempts))) return;
    const times = attempts > 1 ? ` (${attempts} times in a row)` : "";
    const what = `fails${place}, and tries again${times}: ${message}`;
    this.write("warn", "failing", what, { ...facts, attempts });
  }
}

function factsOf(
  { error, event }: HandlerFailure,
): Partial<HandlerLog> & { error: ParkedError } {
  // Of a parked event its cause is what the callback threw.
  const isParked = (error as { code?: unknown } | null)?.code ===
    "EVENT_PARKED";
  const reason = isParked ? (error as Error).cause ?? error : error;
  if (!event) return { error: describeFailure(reason) };
  const { stream, aggregateId, version } = event;
  return {
    error: describeFailure(reason),
    stream,
    aggregateId,
    version,
    type: event.event.type,
  };
}
