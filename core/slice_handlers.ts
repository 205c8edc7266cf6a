import type { Clock } from "./clock.ts";
import { EventHandler } from "./event_handler.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import type { HandlerChange } from "./handler_condition.ts";
import { membershipOf } from "./membership.ts";
import type { ErrorCallback, Provider } from "./provider.ts";
import { mapProvider, overlay } from "./provider_overlay.ts";
import { SliceLog } from "./slice_log.ts";
import { allSlices, sliceBookmark } from "./slices.ts";

/** A slice is woken when there is something for it, and need not look. */
const POLL_MS = 3_600_000;

/** What the handlers of slices are made of. */
export type SliceHandlersContext = {
  /** Of the whole. */
  options: EventHandlerOptions;
  /** The bookmark of the whole. */
  name: string;
  /** Into how many parts it is shared out. */
  shards: number;
  clock: Clock;
  /** The current turn of the whole; leases that were asked in another are over. */
  turn(): unknown;
  /** Told of what changes in a slice. */
  changed(slice: number, change: HandlerChange): void;
};

/**
 * A handler for each slice: over a log that has only the slice's events, with a
 * bookmark and a lease of its own. They read the log together.
 */
export class SliceHandlers {
  /** One for each slice, in their order. */
  readonly all: EventHandler[];
  #context: SliceHandlersContext;
  #log: SliceLog | undefined;
  #told: WeakSet<object> = new WeakSet();

  /** @param context What to make them of. */
  constructor(context: SliceHandlersContext) {
    this.#context = context;
    this.all = allSlices.map((slice) => this.#make(slice));
  }

  /** What they read together. */
  logOf(provider: Provider<any>): SliceLog {
    const { clock, options: { streams } } = this.#context;
    return this.#log ??= new SliceLog(provider, { streams, clock });
  }

  /** There may be more than they have read, if they have read at all. */
  expectMore(): void {
    this.#log?.expectMore();
  }

  #make(slice: number): EventHandler {
    const { options: whole, name, clock, shards, turn, changed } =
      this.#context;
    const { shards: _, tailStream: _tail, poll: _poll, ...options } = whole;
    const bookmark = sliceBookmark(name, slice);
    // Of the provider as it is: a process has one membership in it.
    let base: Provider<any>;
    const provider = mapProvider(whole.provider, (provider) => {
      base = provider;
      return this.#onlyOf(slice, provider);
    });
    const ask = (news: () => void, report: (error: unknown) => void) => {
      const own = turn();
      const isLeaving = () => turn() !== own;
      return membershipOf(base, base.records!, clock).ask(
        ...[bookmark, news, report, false] as const,
        { handler: name, slice, shards, isLeaving },
      );
    };
    const handler = new EventHandler({
      ...options,
      ...{ bookmark, provider, poll: POLL_MS, slice: { handler: name, ask } },
    }, clock);
    handler.observe((change) => {
      if (isAway(change)) this.#log?.leave(slice);
      changed(slice, change);
    });
    return handler;
  }

  /** The provider as if its log had only the events of a slice. */
  #onlyOf(slice: number, provider: Provider<any>): Provider<any> {
    const log = this.logOf(provider);
    return overlay(provider, {
      getEventsFrom: (_streams: string[], position: any, limit?: number) =>
        log.read(slice, position, limit),
      watch: (listener: () => void) => log.watch(slice, listener),
      onError: (...args: Parameters<ErrorCallback>) => {
        if (this.#isNews(...args)) return provider.onError(...args);
      },
    });
  }

  /** What failed for all of them is told once. */
  #isNews(...[error, , , event]: Parameters<ErrorCallback>): boolean {
    if (event || typeof error !== "object" || error === null) return true;
    const isNews = !this.#told.has(error);
    this.#told.add(error);
    return isNews;
  }
}

function isAway(change: HandlerChange): boolean {
  return change.type === "state" &&
    ["standby", "stopped", "retired"].includes(change.state);
}
