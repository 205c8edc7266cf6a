/**
 * Events in the memory of one process, gone when it ends: for experiments and
 * for tests. It keeps every promise that a database keeps, durability apart.
 *
 * Order: positions are drawn in the same synchronous step that stores the
 * event. Transactions: one at a time, other writers wait for it. It has every
 * capability of a provider.
 *
 * @module
 */
import {
  DuplicateCommandError,
  StoreError,
  VersionError,
} from "../core/errors.ts";
import {
  createEventsMapper,
  type Event,
  type StoreEvent,
} from "../core/event.ts";
import type { ErrorCallback, EventPage, Provider } from "../core/provider.ts";
import { checkName } from "../core/validation.ts";
import { checkAppend } from "./append_input.ts";
import { compareBytes } from "./byte_order.ts";
import { MemoryLog } from "./memory_log.ts";
import { MemoryRecords } from "./memory_records.ts";
import {
  beginMemoryTransaction,
  type Changes,
  changesIn,
  MemoryTransaction,
} from "./memory_transaction.ts";
import { defaultOnError } from "../core/default_on_error.ts";
import { SingleWriter } from "./single_writer.ts";

export { MemoryTransaction };

/** Options of {@linkcode createProvider}. */
export type Options<E extends Event = any> = {
  /** Events to begin with, in their order. */
  events?: StoreEvent<E>[];
  /** Called with every failure that has no caller. Default: a process warning. */
  onError?: ErrorCallback;
  /** The most events that a read returns. Default: 1,000. */
  limit?: number;
};

/** A provider with every capability. */
export type MemoryProvider<E extends Event> = Required<
  Provider<E, MemoryTransaction>
>;

/**
 * Makes a provider that keeps events in memory.
 *
 * @example
 * ```ts
 * import { createProvider } from "evtstore/provider/memory";
 * import assert from "node:assert/strict";
 *
 * const provider = createProvider();
 * const events = provider.createEvents("users", "u1", 1, [{ type: "UserCreated" }]);
 * await provider.append("users", "u1", 1, events);
 * const [first] = await provider.getEventsFor("users", "u1");
 * assert.equal(first?.event.type, "UserCreated");
 * ```
 *
 * @param options What it begins with and whom it tells of failures; or, as in
 * evtstore 12, just the events to begin with.
 * @param onError Together with events as the first argument.
 * @returns The provider.
 * @throws {StoreError} `INVALID_INPUT` for events that cannot be one log.
 */
export function createProvider<E extends Event = any>(
  options?: Options<E> | StoreEvent<E>[],
  onError?: ErrorCallback,
): MemoryProvider<E> {
  const given: Options<E> = Array.isArray(options)
    ? { events: options }
    : options ?? {};
  const limit = given.limit ?? 1000;
  const reportError = given.onError ?? onError ?? defaultOnError;
  const writer = new SingleWriter();
  const log = new MemoryLog();
  const bookmarks = new Map<string, number>();
  const listeners = new Set<() => void>();
  let open: MemoryTransaction | undefined;

  /** The changes of the transaction that is open, and of no other. */
  function changesOf(tx: MemoryTransaction | undefined): Changes | undefined {
    if (tx === undefined) return undefined;
    if (tx === open) return changesIn(tx);
    throw new StoreError(
      "TRANSACTION_ENDED",
      "Cannot use a transaction that is not open: await everything that uses it before the work given to transact ends",
      { field: "tx" },
    );
  }

  /** Writes inside the transaction, or else in one of its own. */
  async function write<T>(
    what: string,
    tx: MemoryTransaction | undefined,
    work: (changes: Changes) => T,
  ): Promise<T> {
    const changes = changesOf(tx);
    if (changes) return work(changes);
    return await writer.write(what, () => {
      const own = changesIn(beginMemoryTransaction());
      try {
        const result = work(own);
        commit(own);
        return result;
      } finally {
        log.rollback();
      }
    });
  }

  function commit(changes: Changes): void {
    log.commit();
    for (const [name, position] of changes.bookmarks) {
      bookmarks.set(name, position);
    }
    records.commit(changes);
    for (const work of [...changes.onCommit, ...listeners]) runCommitted(work);
  }

  // It is committed already: a failure now must not look like a rollback.
  function runCommitted(work: () => void): void {
    try {
      work();
    } catch (error) {
      reportError(error, "", "");
    }
  }

  const records = new MemoryRecords(write, changesOf);
  loadEvents(log, given.events ?? []);

  return {
    driver: "memory",
    limit,
    onError: reportError,
    records,
    createEvents: createEventsMapper<E>(0),

    getPosition: async (bookmark) => bookmarks.get(bookmark) ?? 0,

    setPosition: async (bookmark, position, { from, tx } = {}) => {
      checkName("bookmark", bookmark);
      const moved = await write("setPosition", tx, (changes) => {
        const current = changes.bookmarks.get(bookmark) ??
          bookmarks.get(bookmark) ?? 0;
        if (from !== undefined && from !== current) return false;
        changes.bookmarks.set(bookmark, position);
        return true;
      });
      if (from !== undefined) return moved;
    },

    getEventsFrom: async (stream, position, pageLimit = limit) => {
      const size = Math.min(pageLimit, limit);
      const events: EventPage<E> = log.after([stream].flat(), position, size);
      if (events.length < size) events.scannedTo = log.end(false);
      return events;
    },

    getEventsFor: async (stream, id, position = 0, options = {}) =>
      log.aggregate(
        stream,
        id,
        position,
        Math.min(options.limit ?? limit, limit),
        changesOf(options.tx) !== undefined,
      ),

    getLastEventFor: async (stream, id, { tx } = {}) => {
      const streams = [stream].flat();
      const inTransaction = changesOf(tx) !== undefined;
      if (id === undefined) return log.last(streams, inTransaction);
      return streams
        .map((name) => log.lastOf(name, id, inTransaction))
        .filter((event) => event !== undefined)
        .reduce<StoreEvent<any> | undefined>(
          (newest, event) =>
            newest && newest.position > event.position ? newest : event,
          undefined,
        );
    },

    append: async (stream, id, version, events, options = {}) => {
      checkAppend(stream, id, version, events, options.commandId);
      if (events.length === 0) return [];
      const { commandId, tx } = options;
      return await write("append", tx, () => {
        if (
          commandId !== undefined &&
          log.versionOf(stream, id, commandId, true) !== undefined
        ) {
          throw new DuplicateCommandError({
            stream,
            aggregateId: id,
            commandId,
          });
        }
        const actualVersion = log.lastOf(stream, id, true)?.version ?? 0;
        if (actualVersion !== version - 1) {
          throw VersionError.of({
            stream,
            aggregateId: id,
            expectedVersion: version - 1,
            actualVersion,
          });
        }
        return events.map((event, index) =>
          log.add(
            { ...event, stream, aggregateId: id, position: undefined },
            index === 0 ? commandId : undefined,
          )
        );
      });
    },

    findCommand: async (stream, id, commandId, { tx } = {}) =>
      log.versionOf(stream, id, commandId, changesOf(tx) !== undefined),

    horizon: async () => ({ position: log.end(false), blockedBy: [] }),

    // Nobody else writes while a transaction is open.
    hold: async (stream, id, _version, { tx }) =>
      log.lastOf(stream, id, changesOf(tx) !== undefined)?.version ?? 0,
    catalog: {
      streams: async () => log.streams().sort(compareBytes),
      bookmarks: async () =>
        [...bookmarks.entries()]
          .map(([bookmark, position]) => ({ bookmark, position }))
          .sort((one, two) => compareBytes(one.bookmark, two.bookmark)),
      commands: async (after, upTo) => log.commands(after, upTo),
    },

    watch: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    transact: (work) =>
      writer.transact("a transaction", async () => {
        open = beginMemoryTransaction();
        try {
          const result = await work(open);
          commit(changesIn(open));
          return result;
        } finally {
          log.rollback();
          open = undefined;
        }
      }),
  };
}

function loadEvents(log: MemoryLog, events: StoreEvent<any>[]): void {
  events.forEach((event, index) => {
    const version = log.lastOf(event.stream, event.aggregateId, true)?.version;
    if (event.version !== (version ?? 0) + 1) {
      throw new StoreError(
        "INVALID_INPUT",
        `Expected events[${index}] to be version ${
          (version ?? 0) + 1
        } of "${event.aggregateId}": got ${event.version}`,
        { field: `events[${index}].version` },
      );
    }
    log.add(event);
  });
  log.commit();
}
