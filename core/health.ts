import { type Clock, systemClock } from "./clock.ts";
import type { HandlerControls } from "./handler_options.ts";
import type { HandlerState, HandlerStatus } from "./handler_status.ts";

/** What {@linkcode health} asks of a handler. */
export type HealthyHandler = Pick<HandlerControls, "name" | "status">;

/** Options of {@linkcode health}. */
export type HealthOptions = {
  /** The most events that a handler may be behind; up to 1,000 are counted. */
  lagEvents?: number;
  /** The most seconds that a handler may be behind. Default: 60. */
  lagSeconds?: number;
  /** How long a handler may fail in a row, in seconds. Default: 60. */
  failingSeconds?: number;
  /** How long to wait for the database, in milliseconds. Default: 2,000. */
  timeoutMs?: number;
  /**
   * How long an answer of the database counts, in milliseconds, so that many
   * who ask are one. Default: 1,000.
   */
  maxAgeMs?: number;
};

/** Why a service is not ready. */
export type HealthReason = {
  /** The bookmark of the handler. */
  handler: string;
  /**
   * - `stopped`: it was not started, or has ended.
   * - `failing`: it fails for longer than `failingSeconds`.
   * - `behind`: it is behind by more than `lagEvents` or `lagSeconds`.
   * - `unreachable`: the database did not answer.
   */
  code: "stopped" | "failing" | "behind" | "unreachable";
  /** The same as a sentence. It may hold what an error said: show it to few. */
  message: string;
};

/** How one handler is. */
export type HandlerHealth = {
  /** The name of its bookmark. */
  name: string;
  /** What it does; `unknown` if the database did not answer. */
  state: HandlerState | "unknown";
  /** How far it is behind. */
  lag?: HandlerStatus["lag"];
  /** How much it has parked. */
  parked?: HandlerStatus["parked"];
  /** The process that works on the bookmark, as its machine knows it. */
  owner?: string;
};

/** How a service is, in what JSON can hold. */
export type Health = {
  /** False if it should be started again: a handler has stopped. */
  live: boolean;
  /** False if what its handlers write is not current. */
  ready: boolean;
  /** Why not; empty if it is ready. */
  reasons: HealthReason[];
  /** The handlers, in the order given. */
  handlers: HandlerHealth[];
};

/**
 * Says whether handlers are well, for the probes of an orchestrator. It never
 * throws: a database that is away makes a service not ready, but live, because a
 * new start would not bring it back. A handler that stands by is well: the
 * process that works answers for itself.
 *
 * @example
 * ```ts
 * import { createHandler, health } from "evtstore";
 * import { createProvider } from "evtstore/provider/memory";
 * import assert from "node:assert/strict";
 *
 * const mails = createHandler<{ accounts: { type: "Opened" } }>({
 *   bookmark: "mails",
 *   streams: ["accounts"],
 *   provider: createProvider(),
 * });
 * const { live, ready, reasons } = await health([mails]);
 * assert.deepEqual([live, ready, reasons[0]?.code], [false, false, "stopped"]);
 * ```
 *
 * @param handlers Those of the service.
 * @param options What is too far behind, and for how long it may fail.
 * @returns Whether the service is live and ready, and why not.
 */
export async function health(
  handlers: readonly HealthyHandler[],
  options: HealthOptions = {},
): Promise<Health> {
  return await readHealth(handlers, options, systemClock);
}

/** The same by another clock. */
export async function readHealth(
  handlers: readonly HealthyHandler[],
  options: HealthOptions,
  clock: Clock,
): Promise<Health> {
  const found = await Promise.all(handlers.map(async (handler) => {
    const answer = await ask(handler, options, clock);
    const { name } = handler;
    return typeof answer === "string"
      ? {
        health: { name, state: "unknown" } as HandlerHealth,
        reasons: [reason(name, "unreachable", answer)],
      }
      : {
        health: describe(answer),
        reasons: judge(answer, options, clock.now()),
      };
  }));
  const reasons = found.flatMap(({ reasons }) => reasons);
  return {
    live: reasons.every(({ code }) => code !== "stopped"),
    ready: reasons.length === 0,
    reasons,
    handlers: found.map(({ health }) => health),
  };
}

/** A question that has no answer for so long is asked again. */
const FORGOTTEN_MS = 30_000;

type Answer = HandlerStatus | string;
type Asked = { at: number; answeredAt?: number; answer: Promise<Answer> };

const asked = new WeakMap<HealthyHandler, Asked>();

/** The status, or why there is none. */
async function ask(
  handler: HealthyHandler,
  { timeoutMs = 2000, maxAgeMs = 1000 }: HealthOptions,
  clock: Clock,
): Promise<Answer> {
  let known = asked.get(handler);
  if (!known || isOld(known, maxAgeMs, clock.monotonic())) {
    const own: Asked = { at: clock.monotonic(), answer: readStatus(handler) };
    own.answer.then(() => own.answeredAt = clock.monotonic());
    asked.set(handler, known = own);
  }
  const answered = new AbortController();
  const tooLate = clock.sleep(timeoutMs, answered.signal)
    .then(() => `The database did not answer within ${timeoutMs} ms`);
  const answer = await Promise.race([known.answer, tooLate]);
  answered.abort();
  return answer;
}

function isOld(
  { at, answeredAt }: Asked,
  maxAgeMs: number,
  now: number,
): boolean {
  return answeredAt === undefined
    ? now - at > FORGOTTEN_MS
    : now - answeredAt > maxAgeMs;
}

async function readStatus(handler: HealthyHandler): Promise<Answer> {
  try {
    return await handler.status();
  } catch (error) {
    return `The database did not answer: ${textOf(error)}`;
  }
}

function describe(status: HandlerStatus): HandlerHealth {
  const { name, state, lag, parked, owner } = status;
  return {
    name,
    state,
    lag,
    parked,
    ...owner?.process && { owner: owner.process },
  };
}

function judge(
  { name, state, lag, lastError }: HandlerStatus,
  options: HealthOptions,
  now: number,
): HealthReason[] {
  const { lagEvents = Infinity, lagSeconds = 60, failingSeconds = 60 } =
    options;
  // Another process has the work, or a later version of the handler.
  if (state === "standby" || state === "retired") return [];
  if (state === "stopped") {
    return [reason(name, "stopped", `Handler "${name}" is stopped`)];
  }
  const reasons: HealthReason[] = [];
  if (lastError && lastError.attempts > 0) {
    const seconds = (now - lastError.since.getTime()) / 1000;
    if (seconds > failingSeconds) {
      const what = `Handler "${name}" fails for ${seconds.toFixed()} s: ${
        textOf(lastError.error)
      }`;
      reasons.push(reason(name, "failing", what));
    }
  }
  // The version before it is live, and has the lag that users see.
  if (state === "rebuilding") return reasons;
  if (lag.events > lagEvents || lag.seconds > lagSeconds) {
    const more = lag.more ? " or more" : "";
    const what =
      `Handler "${name}" is behind by ${lag.events}${more} events, ${lag.seconds.toFixed()} s`;
    reasons.push(reason(name, "behind", what));
  }
  return reasons;
}

function reason(
  handler: string,
  code: HealthReason["code"],
  message: string,
): HealthReason {
  return { handler, code, message };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
