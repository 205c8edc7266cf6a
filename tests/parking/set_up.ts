import { createProvider, type MemoryProvider } from "evtstore/provider/memory";
import type { Provider } from "evtstore";
import { EventHandler } from "../../core/event_handler.ts";
import type { EventHandlerOptions } from "../../core/event_handler_options.ts";
import { FakeClock } from "../../core/fake_clock.ts";

/** Handlers of one bookmark, and what they did. */
export type SetUp = {
  /** As the handlers see it. */
  provider: Provider<any>;
  /** As it is. */
  shared: MemoryProvider<any>;
  clock: FakeClock;
  /** The events that were handled, by id and version: "x1". */
  seen: string[];
  /** Those of one aggregate. */
  of(id: string): string[];
  /** The events whose callback throws `problem`. */
  bad: Set<string>;
  problem: Error;
  /** What went to `onError`. */
  reports: { error: any; event: any }[];
  /** Appends an event to each of some aggregates, one letter an id. */
  append(ids: string, stream?: string): Promise<void>;
  /** Makes one more handler, as another process would. */
  create(own?: Partial<EventHandlerOptions>): EventHandler;
  handler: EventHandler;
};

/** Handlers that park at once what they fail at. */
export function setUp(
  options: Partial<EventHandlerOptions> = {},
  change: (provider: Provider<any>) => Provider<any> = (provider) => provider,
): SetUp {
  const reports: SetUp["reports"] = [];
  const shared = createProvider<any>({
    onError: (error, _stream, _bookmark, event) => {
      reports.push({ error, event });
    },
  });
  const provider = change(shared);
  const clock = new FakeClock();
  const seen: string[] = [];
  const bad = new Set<string>();
  const problem = new Error("bad event");
  const create = (own: Partial<EventHandlerOptions> = {}) => {
    const handler = new EventHandler({
      bookmark: "model",
      streams: ["a"],
      provider,
      exclusive: false,
      onFailure: "park",
      retry: { times: 0 },
      ...options,
      ...own,
    }, clock);
    for (const stream of own.streams ?? ["a"]) {
      handler.subscribe(stream, "Done", (id, _event, { version }, tx) => {
        const name = `${id}${version}`;
        if (bad.has(name)) throw problem;
        if (tx) tx.onCommit(() => seen.push(name));
        else seen.push(name);
      });
    }
    return handler;
  };
  return {
    provider,
    shared,
    clock,
    seen,
    bad,
    problem,
    reports,
    create,
    handler: create(),
    of: (id) => seen.filter((name) => name.startsWith(id)),
    async append(ids, stream = "a") {
      for (const id of ids) {
        const last = await shared.getLastEventFor(stream, id);
        const version = (last?.version ?? 0) + 1;
        const events = shared.createEvents(stream, id, version, [
          { type: "Done" },
        ]);
        await shared.append(stream, id, version, events);
      }
    },
  };
}
