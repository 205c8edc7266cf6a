import { createProvider } from "evtstore/provider/memory";
import type { Clock } from "../../core/clock.ts";
import { EventHandler } from "../../core/event_handler.ts";
import type { EventHandlerOptions } from "../../core/event_handler_options.ts";
import { FakeClock } from "../../core/fake_clock.ts";
import type { AnyHandler } from "../../core/make_handler.ts";
import type { Provider } from "../../core/provider.ts";
import { ShardedHandler } from "../../core/sharded_handler.ts";

/** A process of a test, which can crash: nothing that it asks is answered. */
export type TestProcess = {
  handler: AnyHandler;
  /** What it has handled, as "aggregate:version". */
  seen: string[];
  /** How often it read the log. */
  reads: number;
  /** Which bookmarks it stored, in order. */
  stored: string[];
  errors: unknown[];
  crash(): void;
  /** What it asks from now on is answered when it is thawed. */
  freeze(): void;
  thaw(): void;
};

/** Several processes on one log in memory, with a clock that a test moves. */
export class TestProcesses {
  readonly clock: FakeClock = new FakeClock();
  readonly shared: Provider<any>;
  /** What all of them have handled, in order. */
  readonly seen: string[] = [];
  /** How many events each aggregate has. */
  readonly versions: Map<string, number> = new Map();
  #options: Partial<EventHandlerOptions>;
  #count = 0;

  /** @param options Of all their handlers. */
  constructor(options: Partial<EventHandlerOptions> = {}, limit?: number) {
    this.#options = options;
    this.shared = { ...createProvider(), ...limit && { limit } };
  }

  /** One more process, with a handler that is not started. */
  open(
    own: Partial<EventHandlerOptions> = {},
    callback: (id: string, version: number) => any = () => {},
  ): TestProcess {
    const { shared, clock } = this;
    let isCrashed = false;
    let frozen = Promise.withResolvers<void>();
    frozen.resolve();
    let isFrozen = false;
    const answer = async <T>(work: () => Promise<T>): Promise<T> => {
      if (isFrozen) await frozen.promise;
      return await (isCrashed ? new Promise<T>(() => {}) : work());
    };
    const records = shared.records!;
    const process: TestProcess = {
      ...{ seen: [], reads: 0, stored: [], errors: [] },
      handler: undefined as any,
      crash: () => void (isCrashed = true),
      freeze: () => {
        if (isFrozen) return;
        isFrozen = true;
        frozen = Promise.withResolvers<void>();
      },
      thaw: () => {
        isFrozen = false;
        frozen.resolve();
      },
    };
    const provider: Provider<any> = {
      ...shared,
      onError: (error) => process.errors.push(error),
      getEventsFrom: (...args) => {
        process.reads++;
        return answer(() => shared.getEventsFrom(...args));
      },
      getPosition: (...args) => answer(() => shared.getPosition(...args)),
      setPosition: (...args) =>
        answer(() => {
          process.stored.push(args[0]);
          return shared.setPosition(...args);
        }),
      records: {
        ...records,
        put: (...args) => answer(() => records.put(...args)),
        list: (...args) => answer(() => records.list(...args)),
        get: (...args) => answer(() => records.get(...args)),
        remove: (...args) => answer(() => records.remove(...args)),
      },
    };
    const chance = ++this.#count / 100;
    const its: Clock = {
      monotonic: () => clock.monotonic(),
      now: () => clock.now(),
      random: () => chance,
      sleep: (ms, signal) => clock.sleep(ms, signal),
    };
    const options = {
      bookmark: "model",
      streams: ["a"],
      provider,
      ...this.#options,
      ...own,
    };
    const handler = process.handler = options.shards === undefined
      ? new EventHandler(options, its)
      : new ShardedHandler(options, its);
    handler.subscribe("a", "Done", async (id, _event, { version }) => {
      await callback(id, version);
      if (isCrashed) return await new Promise(() => {});
      process.seen.push(`${id}:${version}`);
      this.seen.push(`${id}:${version}`);
    });
    return process;
  }

  /** Appends the next event of an aggregate. */
  async append(id: string, count = 1): Promise<void> {
    const { shared, versions } = this;
    const version = (versions.get(id) ?? 0) + 1;
    const events = shared.createEvents(
      "a",
      id,
      version,
      Array.from({ length: count }, () => ({ type: "Done" })),
    );
    await shared.append("a", id, version, events);
    versions.set(id, version + count - 1);
  }

  /** Lets time pass in small steps. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) await this.clock.advance(100);
  }

  /** The slices of each process, as it says itself. */
  async slicesOf(process: TestProcess): Promise<number[]> {
    return (await process.handler.status()).shards!.slices;
  }

  /**
   * What is wrong with what all of them have handled.
   *
   * @param repeats Whether events may come again.
   */
  violations(repeats = false): string[] {
    const found: string[] = [];
    const last = new Map<string, number>();
    const once = new Set<string>();
    for (const one of this.seen) {
      const [id, text] = one.split(":") as [string, string];
      const before = last.get(id) ?? 0;
      const version = Number(text);
      if (version > before + 1) found.push(`${one} came after ${before}`);
      if (once.has(one) && !repeats) found.push(`${one} came twice`);
      once.add(one);
      last.set(id, repeats ? Math.max(before, version) : version);
    }
    for (const [id, versions] of this.versions) {
      if (last.get(id) !== versions) {
        found.push(`${id} ended at ${last.get(id) ?? 0} of ${versions}`);
      }
    }
    return found;
  }
}
