import { setTimeout } from "node:timers/promises";
import { StoreError } from "../core/errors.ts";
import {
  bucketConfiguration,
  commitsConfiguration,
  type Configuration,
  differences,
} from "./nats_configuration.ts";
import type { NatsHeaders } from "./nats_connection.ts";
import {
  isClosed,
  isNobody,
  isRefusedForNow,
  isUnanswered,
} from "./nats_errors.ts";
import { JetStream } from "./nats_jetstream.ts";
import type { NatsLink } from "./nats_link.ts";
import type { NatsNames } from "./nats_names.ts";

/** How long to wait for the first answer, and at most for a later one. */
const FIRST_ATTEMPT_MS = 1000;
const LAST_ATTEMPT_MS = 5000;
const PAUSE_MS = 50;
const LEAST_VERSION = [2, 11];

/** How long one more try may take, and whether there is one. */
export class Patience {
  #end: number;
  #attemptMs = FIRST_ATTEMPT_MS;

  /** @param timeoutMs How long all tries may take together. */
  constructor(timeoutMs: number) {
    this.#end = performance.now() + timeoutMs;
  }

  /** How long to wait for the next answer, in milliseconds. */
  get attemptMs(): number {
    return Math.max(
      1,
      Math.min(this.#attemptMs, this.#end - performance.now()),
    );
  }

  /** An answer has not come in time: the next one may take longer. */
  missed(): void {
    this.#attemptMs = Math.min(this.#attemptMs * 2, LAST_ATTEMPT_MS);
  }

  /** Waits before another try. @returns Whether there is time for one. */
  async pause(ms: number = PAUSE_MS): Promise<boolean> {
    await setTimeout(Math.min(ms, Math.max(0, this.#end - performance.now())));
    return performance.now() < this.#end;
  }
}

/** A log that is ready to be used. */
export class NatsLog {
  readonly names: NatsNames;
  readonly jetStream: JetStream;
  /** Whether servers may differ for a moment in what they have. */
  readonly isReplicated: boolean;
  /** How many bytes a message may have. */
  readonly mostBytes: number;
  #link: NatsLink;
  #timeoutMs: number;

  private constructor(
    link: NatsLink,
    jetStream: JetStream,
    names: NatsNames,
    timeoutMs: number,
    replicas: number,
  ) {
    this.#link = link;
    this.jetStream = jetStream;
    this.names = names;
    this.#timeoutMs = timeoutMs;
    this.isReplicated = replicas > 1;
    this.mostBytes = link.info?.max_payload ?? Infinity;
  }

  /**
   * Looks whether the log is as it must be.
   *
   * @throws {StoreError} `NOT_SUPPORTED` by an old server, `NOT_MIGRATED`, or
   * `STORE_FAILED` for a stream that would lose events.
   */
  static async open(
    link: NatsLink,
    headers: () => NatsHeaders,
    names: NatsNames,
    timeoutMs: number,
  ): Promise<NatsLog> {
    checkVersion(link);
    const jetStream = new JetStream(link, headers);
    const patience = new Patience(timeoutMs);
    const sizes = { replicas: 1 };
    const found = await Promise.all(
      [
        commitsConfiguration(names, sizes),
        bucketConfiguration(names, sizes),
      ].map(async (expected) => {
        const { config } = await persist(
          patience,
          (ms) => jetStream.ask(`STREAM.INFO.${expected.name}`, undefined, ms),
        );
        checkConfiguration(expected, config);
        return config as Configuration;
      }),
    );
    const replicas = Math.max(...found.map(({ num_replicas }) => num_replicas));
    return new NatsLog(link, jetStream, names, timeoutMs, replicas);
  }

  /** The time that one operation has. */
  patience(): Patience {
    return new Patience(this.#timeoutMs);
  }

  /** Asks, again and again while nobody answers, as long as there is time. */
  async read<T>(
    work: (attemptMs: number) => Promise<T>,
    patience: Patience = this.patience(),
  ): Promise<T> {
    return await persist(patience, work, (ms) => this.checkExists(ms));
  }

  /** Throws if the stream is not there; nobody answers for it then. */
  async checkExists(ms: number): Promise<void> {
    const { stream } = this.names;
    try {
      await this.jetStream.ask(`STREAM.INFO.${stream}`, undefined, ms);
    } catch (error) {
      if (!isRefusedForNow(error) && !isUnanswered(error)) throw error;
    }
  }

  /** Throws if the application has closed its connection. */
  checkOpen(what: string): void {
    if (!this.#link.isClosed) return;
    throw new StoreError(
      "STORE_CLOSED",
      `Cannot run ${what}: the connection to NATS is closed`,
    );
  }
}

/**
 * Does something that may be done twice, again while there is no answer.
 *
 * @param onNobody Finds out why nobody took the request.
 */
export async function persist<T>(
  patience: Patience,
  work: (attemptMs: number) => Promise<T>,
  onNobody?: (attemptMs: number) => Promise<void>,
): Promise<T> {
  for (;;) {
    try {
      return await work(patience.attemptMs);
    } catch (error) {
      const isTransient = isRefusedForNow(error) ||
        isUnanswered(error) && !isClosed(error);
      if (!isTransient) throw error;
      if (isUnanswered(error)) patience.missed();
      if (isNobody(error)) await onNobody?.(patience.attemptMs);
      if (!await patience.pause()) throw error;
    }
  }
}

/** @throws {StoreError} `NOT_SUPPORTED` by an old server. */
export function checkVersion({ info }: NatsLink): void {
  const version = info?.version ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = LEAST_VERSION;
  if (
    version === "" || major > leastMajor ||
    major === leastMajor && minor >= leastMinor
  ) return;
  throw new StoreError(
    "NOT_SUPPORTED",
    `Expected a NATS server of version ${
      LEAST_VERSION.join(".")
    } or later: this one is ${version}`,
  );
}

function checkConfiguration(
  expected: Configuration,
  found: Configuration,
): void {
  const reasons = differences(expected, found);
  if (reasons.length === 0) return;
  throw new StoreError(
    "STORE_FAILED",
    `Cannot use stream "${expected.name}": ${
      reasons.join(", ")
    }; change it back, or run migrate() of this provider`,
  );
}
