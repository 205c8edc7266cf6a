/**
 * Events in NATS JetStream 2.11 or newer, on one server or a cluster, by the
 * application's own connection of `@nats-io/transport-node`, or of another
 * transport of NATS's client 3.
 *
 * Order: an append is one message, whatever the number of its events, and the
 * leader of the one stream puts it behind all others; so what is visible is
 * always a prefix, and readers need no care. Each message names the one of its
 * aggregate that it comes after, and is refused if there is a newer one. It has
 * `watch` (the leader announces each commit), `records` (in a key-value
 * bucket), `findCommand`, `horizon`, `catalog` and compare and set. It has no
 * `transact`: JetStream has no transactions, and no read model could share one.
 *
 * What an acknowledged append survives is the servers' `sync_interval`: by
 * default the end of their processes, but not machines that crash or lose their
 * power, which can take the last two minutes. `sync_interval: always` writes
 * first.
 *
 * @module
 */
import { defaultOnError } from "../core/default_on_error.ts";
import { StoreError, type StoreErrorFacts } from "../core/errors.ts";
import { createEventsMapper, type Event } from "../core/event.ts";
import { checkName } from "../core/validation.ts";
import { checkAppend } from "./append_input.ts";
import { checkText, toStreams } from "./name_input.ts";
import { moveBookmark, readBookmark, storeBookmark } from "./nats_bookmarks.ts";
import { createCommit, toSubject } from "./nats_commits.ts";
import { createCatalog } from "./nats_catalog.ts";
import { toStoreError } from "./nats_errors.ts";
import { Heads } from "./nats_heads.ts";
import { NatsLink } from "./nats_link.ts";
import { NatsLog } from "./nats_log.ts";
import { toNames } from "./nats_names.ts";
import type { NatsProvider, Options } from "./nats_options.ts";
import { checkPosition, toPosition } from "./nats_position.ts";
import {
  readAggregate,
  readCommands,
  readEnd,
  readLast,
  readPage,
} from "./nats_read.ts";
import { createRecords } from "./nats_records.ts";
import { AppendWatcher } from "./nats_watch.ts";
import { report } from "./report.ts";
import { NatsWriter } from "./nats_writer.ts";

export { migrate, type MigrateOptions } from "./nats_migrate.ts";
export type { NatsConnection, NatsHeaders } from "./nats_connection.ts";
export type { NatsProvider, Options };

/**
 * Stores events in JetStream. The stream and the bucket must have been made by
 * `migrate`; one whose configuration would lose events is refused.
 *
 * An append is one message: it has 1,024 events at most, and no more bytes than
 * the server's `max_payload`, 1 MB unless configured. An append with a
 * `commandId` looks through the ids of the aggregate's commits, once in a
 * process; what it has seen stays in memory.
 *
 * Every method rejects with a {@linkcode StoreError}: `NOT_MIGRATED`,
 * `NOT_SUPPORTED`, `STORE_BUSY`, `STORE_FULL`, `STORE_CLOSED`,
 * `CONNECTION_LOST` (nothing was stored), `OUTCOME_UNKNOWN` (it was sent, and no
 * answer came within `timeoutMs`), `FOREIGN_WRITER` if somebody else has
 * published on its subjects, or `STORE_FAILED` with NATS's error as its cause.
 *
 * @example
 * ```ts ignore
 * import { connect, headers } from "@nats-io/transport-node";
 * import { createProvider, migrate } from "evtstore/provider/nats";
 *
 * const connection = await connect({
 *   servers: ["nats://localhost:4222"],
 *   maxReconnectAttempts: -1,
 * });
 * await migrate({ connection });
 * const provider = createProvider({ connection, headers });
 * ```
 */
export function createProvider<E extends Event = any>(
  options: Options<E>,
): NatsProvider<E> {
  const { connection, headers, timeoutMs = 15_000 } = options;
  const most = options.limit ?? 1000;
  const onError = options.onError ?? defaultOnError;
  const names = toNames(options.name);
  const heads = new Heads();
  const writer = new NatsWriter(heads);
  const watcher = new AppendWatcher(connection, names.bell, onError);
  const link = new NatsLink(connection);
  let isFollowed = false;
  let opening: Promise<NatsLog> | undefined;

  function open(): Promise<NatsLog> {
    if (!isFollowed) {
      isFollowed = true;
      // What is announced while the connection is lost is not heard.
      link.follow(() => watcher.appended()).catch((error) =>
        report(onError, error)
      );
    }
    opening ??= NatsLog.open(link, headers, names, timeoutMs)
      .catch((error) => {
        // It may be there the next time.
        opening = undefined;
        throw error;
      });
    return opening;
  }

  async function run<T>(
    what: string,
    tx: unknown,
    work: (log: NatsLog) => Promise<T>,
    facts?: StoreErrorFacts,
  ): Promise<T> {
    if (tx !== undefined) throw noTransactions(what);
    try {
      return await work(await open());
    } catch (error) {
      throw toStoreError(what, error, facts);
    }
  }

  const limitOf = (limit = most): number => Math.floor(Math.min(limit, most));

  return {
    driver: "nats",
    limit: most,
    onError,
    records: createRecords(run),
    catalog: createCatalog(run),
    createEvents: createEventsMapper<E>(0),

    async getPosition(bookmark) {
      checkText("bookmark", bookmark);
      return await run(
        "getPosition",
        undefined,
        (log) => readBookmark(log, bookmark),
        { bookmark },
      );
    },

    async setPosition(bookmark, position, { from, tx } = {}) {
      checkName("bookmark", bookmark);
      checkPosition("position", position);
      if (from !== undefined) checkPosition("from", from);
      return await run("setPosition", tx, async (log) => {
        if (from !== undefined) {
          return await moveBookmark(log, bookmark, position, from);
        }
        await storeBookmark(log, bookmark, position);
      }, { bookmark });
    },

    async getEventsFrom(stream, position = 0, limit) {
      const streams = toStreams(stream);
      checkPosition("position", position);
      return await run(
        "getEventsFrom",
        undefined,
        (log) => readPage<E>(log, streams, position, limitOf(limit)),
        { stream: streams.join(", ") },
      );
    },

    async getEventsFor(
      stream,
      aggregateId,
      fromPosition = 0,
      { limit, tx } = {},
    ) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      checkPosition("fromPosition", fromPosition);
      return await run(
        "getEventsFor",
        tx,
        (log) =>
          readAggregate<E>(log, heads, {
            stream,
            aggregateId,
            position: fromPosition,
            limit: limitOf(limit),
          }),
        { stream, aggregateId },
      );
    },

    async getLastEventFor(stream, aggregateId, { tx } = {}) {
      const streams = toStreams(stream);
      if (aggregateId !== undefined) checkText("aggregateId", aggregateId);
      return await run(
        "getLastEventFor",
        tx,
        (log) => readLast<E>(log, streams, aggregateId),
        { stream: streams.join(", ") },
      );
    },

    async append(stream, aggregateId, version, events, options = {}) {
      const { commandId, tx } = options;
      checkAppend(stream, aggregateId, version, events, commandId);
      if (events.length === 0) return [];
      return await run("append", tx, async (log) => {
        const commit = createCommit(names, events, commandId, log.mostBytes);
        const sequence = await writer.append(log, commit);
        watcher.appended();
        return events.map((stored, index) => ({
          ...stored,
          position: toPosition(sequence, events.length - 1 - index),
        }));
      }, { stream, aggregateId });
    },

    watch: (listener) => watcher.watch(listener),

    async findCommand(stream, aggregateId, commandId, { tx } = {}) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      checkText("commandId", commandId);
      return await run("findCommand", tx, async (log) => {
        const subject = toSubject(names, stream, aggregateId);
        const { commands } = await readCommands(log, heads, subject);
        return commands.get(commandId);
      }, { stream, aggregateId, commandId });
    },

    horizon: () =>
      run("horizon", undefined, async (log) => ({
        position: await readEnd(log),
        // A commit is one message: nobody is in the middle of one.
        blockedBy: [],
      })),
  };
}

function noTransactions(what: string): StoreError {
  return new StoreError(
    "NOT_SUPPORTED",
    `Cannot run ${what} in a transaction: NATS JetStream has none`,
    { field: "tx" },
  );
}
