import { createHandler, type EventMeta, type StreamHandler } from "evtstore";
import { lineOf, STREAMS, type Written } from "./log.ts";
import type { FullProvider, Store } from "./stores/store.ts";

/** The bookmark of the handler that may see an event again. */
export const PLAIN = "plain";
/** The bookmark of the handler that writes in its bookmark's transaction. */
export const TRANSACTIONAL = "transactional";

/** Called with each event that a handler is given. */
export type Callbacks = {
  plain: (line: string) => Promise<void> | void;
  /** Before the line is written. */
  transactional: (line: string, tx: unknown) => Promise<void> | void;
};

/** Both handlers of a process. */
export type Handlers = {
  start(): void;
  stop(): Promise<void>;
};

type Events = { [stream: string]: Written };

/** A handler that is at least once, and one that is exactly once. */
export function createHandlers(
  store: Store,
  callbacks: Callbacks,
  provider: FullProvider = store.provider,
  exclusive = true,
): Handlers {
  const common = { streams: STREAMS, provider, poll: 100, exclusive };
  const plain = createHandler<Events>({ ...common, bookmark: PLAIN });
  const transactional = createHandler<Events, unknown>({
    ...common,
    bookmark: TRANSACTIONAL,
    // Where there are none it is at least once too, and its read model's lines
    // are written by key.
    ..."transact" in provider ? { transactional: true } : {},
  });
  subscribe(plain, (line) => callbacks.plain(line));
  subscribe(transactional, async (line, tx) => {
    await callbacks.transactional(line, tx);
    await store.readModel.add(tx, line);
  });
  return {
    start() {
      plain.start();
      transactional.start();
    },
    async stop() {
      await Promise.all([plain.stop(), transactional.stop()]);
    },
  };
}

function subscribe(
  handler: StreamHandler<Events, any>,
  handle: (line: string, tx: unknown) => Promise<void> | void,
): void {
  for (const stream of STREAMS) {
    handler.handle(
      stream,
      "Written",
      (_id: string, _event: Written, meta: EventMeta, tx: unknown) =>
        handle(lineOf(meta), tx),
    );
  }
}
