import { StoreError } from "../../core/errors.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import type { Event, StoreEvent } from "../../core/event.ts";
import type { EventPage, Horizon } from "../../core/provider.ts";
import type { Neo4jTransaction } from "./client.ts";
import type { Dialect } from "./dialect.ts";
import type { Labels } from "./labels.ts";
import { LogHead } from "./log_head.ts";
import { type EventValues, toKey, toStoreEvent } from "./rows.ts";
import { missingConstraints, readServerVersion } from "./schema.ts";
import { createEventStatements, type EventStatements } from "./statements.ts";
import type { Neo4jStore } from "./store.ts";
import { toInteger, toNumber } from "./values.ts";

/** How many positions are looked at in one go. */
const FRONTIER = 1000;
/** How far behind a reader is that looks at every position. */
const NEAR = 200;

/**
 * Reads events in the order of their positions.
 *
 * A large commit becomes visible piece by piece, and not in the order of its
 * positions. Every commit but the last is complete, and the counter says where
 * it ends; after that place a reader goes on as far as no position is missing.
 */
export class Log {
  #store: Neo4jStore;
  #labels: Labels;
  #dialect: Dialect;
  #head: LogHead;
  #statements: Promise<EventStatements> | undefined;

  /** @param dialect What the server understands. */
  constructor(
    store: Neo4jStore,
    labels: Labels,
    dialect: Dialect,
    clock: Clock = systemClock,
  ) {
    this.#store = store;
    this.#labels = labels;
    this.#dialect = dialect;
    this.#head = new LogHead(store, () => this.statements(), clock);
  }

  /**
   * The queries for the server, after one look at it.
   *
   * @throws {StoreError} `NOT_MIGRATED` without the constraints.
   */
  statements(): Promise<EventStatements> {
    return this.#statements ??= this.#prepare().catch((error) => {
      this.#statements = undefined;
      throw error;
    });
  }

  /** The events of the streams after a position. */
  async page<E extends Event>(
    streams: string[],
    after: number,
    limit: number,
  ): Promise<EventPage<E>> {
    const what = "getEventsFrom";
    const found: EventValues[] = [];
    const take = (event: EventValues) => found.push(event) < limit;
    const head = await this.#head.read(what);
    let scanned = after;
    // Not far behind, what is complete and what follows is one search.
    if (after < head.position && head.before - after <= NEAR) {
      scanned = await this.#frontier(after, streams, take);
    }
    if (scanned < head.before && found.length < limit) {
      const left = limit - found.length;
      const { before } = head;
      found.push(...await this.#complete(streams, scanned, before, left));
      scanned = before;
      if (found.length < limit && before < head.position) {
        scanned = await this.#frontier(before, streams, take);
      }
    }
    if (after < head.position && found.length < limit) {
      await this.#head.noteGap(scanned, head.position);
    }
    const page: EventPage<E> = found.map((event) =>
      toStoreEvent<E>(event, what)
    );
    if (page.length < limit) page.scannedTo = scanned;
    return page;
  }

  /** The newest event of the streams. */
  async last<E extends Event>(
    streams: string[],
    tx: Neo4jTransaction | undefined,
  ): Promise<StoreEvent<E> | undefined> {
    const what = "getLastEventFor";
    const { last } = await this.statements();
    const [row] = await this.#store.run(
      { what, tx, facts: { stream: streams.join(", ") }, canRepeat: true },
      last,
      { streams, limit: toInteger(1) },
    );
    const event: EventValues | undefined = row?.["events"][0];
    return event && toStoreEvent<E>(event, what);
  }

  /** The version of the first event of a command. */
  async findCommand(
    stream: string,
    aggregateId: string,
    commandId: string,
    tx: Neo4jTransaction | undefined,
  ): Promise<number | undefined> {
    const { findCommand } = await this.statements();
    const facts = { stream, aggregateId, commandId };
    const [row] = await this.#store.run(
      { what: "findCommand", tx, facts, canRepeat: true },
      findCommand,
      { command: toKey(stream, aggregateId, commandId) },
    );
    return row && toNumber(row["version"]);
  }

  /** How far handlers see; what is behind it is a commit that is not applied. */
  async horizon(): Promise<Horizon> {
    const { before, position } = await this.#head.read("horizon");
    const end = await this.#frontier(before, [], () => true);
    await this.#head.noteGap(end, position);
    if (end >= position) return { position: end, blockedBy: [] };
    const ageMs = this.#head.gapMs ?? 0;
    return {
      position: end,
      blockedBy: [{ session: "the last commit, not applied yet", ageMs }],
    };
  }

  /** Whether the last page ended before a commit that is not applied yet. */
  get isBehind(): boolean {
    return this.#head.gapMs !== undefined;
  }

  /** The last position that was drawn, or undefined before migrate(). */
  async poll(): Promise<number | undefined> {
    const { poll } = await this.statements();
    const [row] = await this.#store.run(
      { what: "watch", canRepeat: true },
      poll,
    );
    return row && toNumber(row["position"]);
  }

  /** Runs `work` while no writer is at work: it sees all there is. */
  settled<T>(
    what: string,
    tx: Neo4jTransaction | undefined,
    work: (tx: Neo4jTransaction | undefined) => Promise<T>,
  ): Promise<T> {
    return this.#head.settled(what, tx, work);
  }

  async #prepare(): Promise<EventStatements> {
    const what = "a query";
    const version = await readServerVersion(this.#store, this.#dialect, what);
    const [missing] = await missingConstraints(
      this.#store,
      this.#dialect,
      this.#labels,
      what,
    );
    if (missing) {
      throw new StoreError(
        "NOT_MIGRATED",
        `Cannot run a query: there is no constraint on ${missing.property} of ${missing.label}; run migrate() of this provider first`,
      );
    }
    return createEventStatements(this.#labels, this.#dialect, version);
  }

  async #complete(
    streams: string[],
    after: number,
    until: number,
    limit: number,
  ): Promise<EventValues[]> {
    const { page } = await this.statements();
    const [row] = await this.#store.run(
      {
        what: "getEventsFrom",
        facts: { stream: streams.join(", ") },
        canRepeat: true,
      },
      page,
      {
        streams,
        after: toInteger(after),
        until: toInteger(until),
        limit: toInteger(limit),
      },
    );
    return row?.["events"] ?? [];
  }

  /** Goes on while no position is missing; gives the last one it saw. */
  async #frontier(
    after: number,
    streams: string[],
    take: (event: EventValues) => boolean,
  ): Promise<number> {
    const { frontier } = await this.statements();
    let scanned = after;
    for (;;) {
      const rows = await this.#store.run(
        { what: "getEventsFrom", canRepeat: true },
        frontier,
        { streams, after: toInteger(scanned), limit: toInteger(FRONTIER) },
      );
      for (const { position, event } of rows) {
        if (toNumber(position) !== scanned + 1) return scanned;
        scanned++;
        if (event && !take(event)) return scanned;
      }
      if (rows.length < FRONTIER) return scanned;
    }
  }
}
