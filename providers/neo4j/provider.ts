import { defaultOnError } from "../../core/default_on_error.ts";
import { StoreError } from "../../core/errors.ts";
import { createEventsMapper, type Event } from "../../core/event.ts";
import type { ErrorCallback, FullProvider } from "../../core/provider.ts";
import { checkAppend } from "../append_input.ts";
import { checkText, toStreams } from "../name_input.ts";
import type { Neo4jDriver, Neo4jTransaction } from "./client.ts";
import { Aggregates } from "./aggregates.ts";
import { Appender } from "./appender.ts";
import { Bookmarks } from "./bookmarks.ts";
import { createCatalog } from "./catalog.ts";
import type { Dialect } from "./dialect.ts";
import { type LabelOptions, toLabels } from "./labels.ts";
import { Log } from "./log.ts";
import { createRecords } from "./records.ts";
import { Neo4jStore } from "./store.ts";
import { toLimit, toPosition } from "./values.ts";
import { AppendWatcher } from "./watch.ts";

/** A bookmark as it is stored. */
export type Bookmark = {
  /** The name of the bookmark. */
  bookmark: string;
  /** As evtstore 12 left it: a time, as ISO text. */
  position: string;
};

/** Options of `createProvider`. */
export type Options = LabelOptions & {
  /** The driver, or the promise of one; who made it closes it. */
  client: Neo4jDriver | Promise<Neo4jDriver>;
  /** The database; the server's default unless given. Not for 3.5. */
  database?: string;
  /** The most events that a read returns. @default {1000} */
  limit?: number;
  /**
   * How long a transaction of `transact` may take, in milliseconds. The server
   * ends one that takes longer, so that a process which was stopped inside it
   * holds nobody up for ever. @default {30_000}
   */
  transactionTimeoutMs?: number;
  /** Called with every failure that has no caller; a warning unless given. */
  onError?: ErrorCallback;
};

/** What `createProvider` returns: a provider that can do everything. */
export type Neo4jProvider<E extends Event> = FullProvider<E, Neo4jTransaction>;

/** Makes a provider for the servers that the dialect is for. */
export function createNeo4jProvider<E extends Event>(
  options: Options,
  dialect: Dialect,
): Neo4jProvider<E> {
  const labels = toLabels(options);
  const onError = options.onError ?? defaultOnError;
  const most = options.limit ?? 1000;
  const timeout = options.transactionTimeoutMs ?? 30_000;
  checkTimeout(timeout);
  const limitOf = (limit = most) => toLimit(Math.min(limit, most));

  const store = new Neo4jStore(options.client, options.database);
  const log = new Log(store, labels, dialect);
  const aggregates = new Aggregates(store, log);
  const appender = new Appender(store, log, aggregates);
  const bookmarks = new Bookmarks(store, log, labels);
  const watcher = new AppendWatcher(() => log.poll(), onError);

  return {
    driver: dialect.driver,
    limit: most,
    onError,

    getPosition: (bookmark) => bookmarks.get(bookmark),

    async setPosition(bookmark, position, { from, tx } = {}) {
      return await bookmarks.set(bookmark, position, from, tx);
    },

    async getEventsFrom(stream, position, limit) {
      const after = toPosition("position", position ?? 0);
      const page = await log.page<E>(toStreams(stream), after, limitOf(limit));
      if (log.isBehind) watcher.heldBack();
      return page;
    },

    async getEventsFor(stream, aggregateId, fromPosition, { limit, tx } = {}) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      const after = toPosition("fromPosition", fromPosition ?? 0);
      return await aggregates.read<E>(
        stream,
        aggregateId,
        after,
        limitOf(limit),
        tx,
      );
    },

    async getLastEventFor(stream, aggregateId, { tx } = {}) {
      const streams = toStreams(stream);
      if (aggregateId === undefined) return await log.last(streams, tx);
      checkText("aggregateId", aggregateId);
      return await aggregates.last(streams, aggregateId, tx);
    },

    createEvents: createEventsMapper<E>(0),

    async append(stream, aggregateId, version, events, options = {}) {
      const { commandId, tx } = options;
      checkAppend(stream, aggregateId, version, events, commandId);
      if (events.length === 0) return [];
      const append = { stream, aggregateId, version, events, commandId };
      if (tx === undefined) store.checkOutside("append");
      const first = tx === undefined
        ? await appender.append(append)
        : await appender.appendIn(tx, append);
      // In a transaction they are new when it commits.
      if (tx === undefined) watcher.appended(first + events.length - 1);
      return events.map((stored, index) => ({
        ...stored,
        position: first + index,
      }));
    },

    watch: (listener) => watcher.watch(listener),

    async transact(work) {
      let isAppendedTo = false;
      const result = await store.transact(async (tx) => {
        const result = await work(tx);
        isAppendedTo = store.hasAppended(tx);
        return result;
      }, { timeout });
      if (isAppendedTo) watcher.appended();
      return result;
    },

    records: createRecords(store, log, labels),

    catalog: createCatalog(store, log, labels),

    async findCommand(stream, aggregateId, commandId, { tx } = {}) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      checkText("commandId", commandId);
      return await log.findCommand(stream, aggregateId, commandId, tx);
    },

    horizon: () => log.horizon(),

    async hold(stream, aggregateId, _version, { tx }) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      return await appender.hold(tx, stream, aggregateId);
    },
  };
}

function checkTimeout(timeout: number): void {
  if (Number.isSafeInteger(timeout) && timeout > 0) return;
  throw new StoreError(
    "INVALID_INPUT",
    `Expected transactionTimeoutMs to be a positive number of milliseconds: got ${timeout}`,
    { field: "transactionTimeoutMs" },
  );
}
