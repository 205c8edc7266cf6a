import { aggregateKey } from "../core/aggregate_key.ts";
import { StoreError } from "../core/errors.ts";
import type { StoreEvent } from "../core/event.ts";
import type { Provider } from "../core/provider.ts";
import { startOfLog } from "../core/start_of_log.ts";
import { PAGE_SIZE } from "./log_pages.ts";
import { toOrder } from "./position.ts";
import { visible } from "./text.ts";

/** Something that is wrong with a store. */
export type Damage = {
  /** What sort of thing. */
  code:
    | "UNREADABLE"
    | "NO_TYPE"
    | "NO_TIME"
    | "NO_NAME"
    | "VERSION_MISSING"
    | "VERSION_REPEATED"
    | "VERSION_DISORDERED"
    | "POSITION_DISORDERED"
    | "COMMAND_REPEATED"
    | "BOOKMARK_BEYOND_END"
    | "BOOKMARK_INVALID"
    | "RECORD_UNREADABLE"
    | "PARKED_BEYOND_END"
    | "SNAPSHOT_BEYOND_END";
  /** Where, and what was expected there. */
  message: string;
};

/** How many positions without an event are tried behind one that is damaged. */
const MOST_STEPS = 10_000;

/** Checks a log, event by event, and remembers the version of each aggregate. */
export class LogCheck {
  /** How many events were read. */
  events = 0;
  /** The version of each aggregate's last event. */
  readonly versions: Map<string, number> = new Map();
  #provider: Provider<any>;
  #report: (damage: Damage) => void;
  #commands: Set<string> = new Set();

  /** @param report Told of each damage. */
  constructor(provider: Provider<any>, report: (damage: Damage) => void) {
    this.#provider = provider;
    this.#report = report;
  }

  /** The version of an aggregate's last event; 0 if it has none. */
  versionOf(stream: string, aggregateId: string): number {
    return this.versions.get(aggregateKey(stream, aggregateId)) ?? 0;
  }

  /**
   * Reads the log of these streams to its end.
   *
   * @param end The position of its end, where that is known.
   * @param progressed Told after each page, with the position it has come to.
   */
  async run(
    streams: string[],
    end: any,
    progressed: (position: any) => void,
  ): Promise<void> {
    if (streams.length === 0) return;
    let position = await startOfLog(this.#provider);
    let size = PAGE_SIZE;
    let told: string | undefined;
    let steps = 0;
    for (;;) {
      let page: StoreEvent<any>[];
      try {
        page = await this.#provider.getEventsFrom(streams, position, size);
      } catch (error) {
        if (!isDamage(error)) throw error;
        if (size > 1) {
          size = Math.ceil(size / 2);
          continue;
        }
        const message = (error as Error).message;
        if (message !== told) this.#report({ code: "UNREADABLE", message });
        told = message;
        const next = after(position);
        const isPastEnd = end !== undefined &&
          toOrder(position)! >= (toOrder(end) ?? 0n);
        if (next === undefined || isPastEnd || ++steps > MOST_STEPS) return;
        position = next;
        continue;
      }
      const last = page.at(-1);
      if (!last) return;
      for (const event of page) this.#check(event, position);
      await this.#checkCommands(position, last.position);
      position = last.position;
      steps = 0;
      size = Math.min(size * 2, PAGE_SIZE);
      progressed(position);
    }
  }

  #last: bigint | undefined;

  #check(stored: StoreEvent<any>, after: any): void {
    this.events++;
    const { stream, aggregateId, version, position, timestamp } = stored;
    const place = `position ${String(position)} (version ${version} of "${
      visible(String(aggregateId))
    }" in stream "${visible(String(stream))}")`;
    const report = (code: Damage["code"], message: string) =>
      this.#report({ code, message: `At ${place}: ${message}` });
    const order = toOrder(position);
    const least = this.#last ?? toOrder(after);
    if (order === undefined || (least !== undefined && order <= least)) {
      report("POSITION_DISORDERED", `it comes after position ${least}`);
    }
    this.#last = order ?? this.#last;
    if (!stream || !aggregateId) {
      report("NO_NAME", "it has no stream or no aggregate");
    }
    if (typeof stored.event?.type !== "string") {
      report("NO_TYPE", "it is not an object with a type");
    }
    if (Number.isNaN(new Date(timestamp).getTime())) {
      report("NO_TIME", "its timestamp is none");
    }
    this.#checkVersion(stored, report);
  }

  #checkVersion(
    { stream, aggregateId, version }: StoreEvent<any>,
    report: (code: Damage["code"], message: string) => void,
  ): void {
    const key = aggregateKey(stream, aggregateId);
    const before = this.versions.get(key) ?? 0;
    if (version === before) {
      report("VERSION_REPEATED", "another event has the same version");
    } else if (version < before || !Number.isInteger(version)) {
      report("VERSION_DISORDERED", `it comes after version ${before}`);
    } else if (version > before + 1) {
      const missing = version === before + 2
        ? `version ${before + 1} is missing`
        : `versions ${before + 1} to ${version - 1} are missing`;
      report("VERSION_MISSING", missing);
    }
    if (version > before) this.versions.set(key, version);
  }

  async #checkCommands(from: any, upTo: any): Promise<void> {
    const commands = await this.#provider.catalog?.commands(from, upTo) ?? [];
    for (const { stream, aggregateId, version, commandId } of commands) {
      const key = JSON.stringify([stream, aggregateId, commandId]);
      if (this.#commands.has(key)) {
        this.#report({
          code: "COMMAND_REPEATED",
          message: `At version ${version} of "${
            visible(aggregateId)
          }" in stream "${visible(stream)}": command "${
            visible(commandId)
          }" was stored there already`,
        });
      }
      this.#commands.add(key);
    }
  }
}

/** Whether it is about what is stored, and not about reaching it. */
export function isDamage(error: unknown): boolean {
  return error instanceof SyntaxError || error instanceof RangeError ||
    error instanceof StoreError && error.code === "STORE_FAILED";
}

/** The next position that can be; undefined where nothing is known of them. */
function after(position: any): any {
  return typeof position === "number" || typeof position === "bigint"
    ? (position as number) + (typeof position === "bigint" ? 1n as any : 1)
    : undefined;
}
