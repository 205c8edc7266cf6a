import { createProvider, type MemoryProvider } from "evtstore/provider/memory";
import type { Provider } from "evtstore";
import { EventHandler } from "../../core/event_handler.ts";
import type { EventHandlerOptions } from "../../core/event_handler_options.ts";
import { FakeClock } from "../../core/fake_clock.ts";

/** What a callback was given. */
export type Seen = { version: number; event: string; replay: boolean };

/** The versions of one handler, over one log. */
export type SetUp = {
  shared: MemoryProvider<any>;
  clock: FakeClock;
  /** Everything that was handled, in order. */
  seen: Seen[];
  /** The events that a version has handled, "x1" for version 1 of x. */
  of(version: number, replay?: boolean): string[];
  /** What went to `onError`, by its code or message. */
  reports: string[];
  /** Appends an event to each of some aggregates, one letter an id. */
  append(ids: string): Promise<void>;
  /** Makes a handler, as another process would. */
  create(version: number, own?: OwnOptions): EventHandler;
  /** Lets time pass until something has happened. */
  within<T>(work: Promise<T>, ms?: number): Promise<T>;
};

export type OwnOptions = Partial<EventHandlerOptions> & {
  /** Called before each event counts as handled. */
  onEvent?: (event: string, replay: boolean) => unknown;
};

/** How long a test waits in fake time. */
const PATIENCE_MS = 120_000;
const STEP_MS = 250;

export function setUp(options: Partial<EventHandlerOptions> = {}): SetUp {
  const reports: string[] = [];
  const shared = createProvider<any>({
    onError: (error) => void reports.push(error.code ?? error.message),
  });
  const clock = new FakeClock();
  let draws = 0;
  // Two processes that draw the same would be one.
  clock.random = () => (++draws * 37 % 101) / 101;
  const seen: Seen[] = [];
  return {
    shared,
    clock,
    seen,
    reports,
    of: (version, replay) =>
      seen
        .filter((one) =>
          one.version === version && (replay ?? one.replay) === one.replay
        )
        .map(({ event }) => event),
    async append(ids) {
      for (const id of ids) {
        const last = await shared.getLastEventFor("a", id);
        const version = (last?.version ?? 0) + 1;
        const events = shared.createEvents("a", id, version, [
          { type: "Done" },
        ]);
        await shared.append("a", id, version, events);
      }
    },
    create(version, { onEvent, ...own } = {}) {
      const handler = new EventHandler({
        bookmark: "model",
        streams: ["a"],
        // Its own object, so that it is a process of its own.
        provider: { ...shared },
        ...options,
        ...version > 1 && { version },
        ...own,
      }, clock);
      handler.subscribe("a", "Done", async (id, _event, meta, tx) => {
        const event = `${id}${meta.version}`;
        const { replay = false } = meta;
        await onEvent?.(event, replay);
        const done = () => void seen.push({ version, event, replay });
        if (tx) tx.onCommit(done);
        else done();
      });
      return handler;
    },
    async within(work, ms = PATIENCE_MS) {
      let isDone = false;
      const end = () => void (isDone = true);
      work.then(end, end);
      await clock.settle();
      for (let passed = 0; !isDone && passed < ms; passed += STEP_MS) {
        await clock.advance(STEP_MS);
      }
      if (!isDone) throw new Error(`Nothing has happened within ${ms} ms`);
      return await work;
    },
  };
}

/** The same provider where there are no transactions. */
export function withoutTransactions(
  { transact: _, ...provider }: Provider<any>,
): Provider<any> {
  return provider;
}
