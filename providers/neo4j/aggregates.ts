import { type Clock, systemClock } from "../../core/clock.ts";
import type { Event, StoreEvent } from "../../core/event.ts";
import type { Neo4jTransaction } from "./client.ts";
import type { Log } from "./log.ts";
import { type EventValues, toStoreEvent } from "./rows.ts";
import type { Neo4jStore, Row } from "./store.ts";
import { toInteger, toNumber } from "./values.ts";

/** How long a commit takes to become visible, as a rule, in milliseconds. */
const PAUSES_MS = [5, 10, 20, 40];

/**
 * Reads the events of one aggregate.
 *
 * A reader may come upon a large commit of which only a part is visible yet. It
 * is told by a version that is missing, or by an append that has no end; then
 * the reader reads again, at last with the writers locked out.
 */
export class Aggregates {
  #store: Neo4jStore;
  #log: Log;
  #clock: Clock;

  /** @param log Knows the queries, and when a writer has come to its end. */
  constructor(store: Neo4jStore, log: Log, clock: Clock = systemClock) {
    this.#store = store;
    this.#log = log;
    this.#clock = clock;
  }

  /** The events of an aggregate after a position, each append whole. */
  async read<E extends Event>(
    stream: string,
    aggregateId: string,
    after: number,
    limit: number,
    tx: Neo4jTransaction | undefined,
  ): Promise<StoreEvent<E>[]> {
    const what = "getEventsFor";
    const { aggregate } = await this.#log.statements();
    const ask = { what, facts: { stream, aggregateId }, canRepeat: true };
    const parameters = {
      stream,
      aggregateId,
      after: toInteger(after),
      limit: toInteger(limit),
    };
    const read = (tx: Neo4jTransaction | undefined) =>
      this.#store.run({ ...ask, tx }, aggregate, parameters);
    const rows = await this.#readWhole(
      what,
      tx,
      read,
      (rows) => isWhole(rows, limit),
    );
    const events: EventValues[] = rows[0]?.["events"] ?? [];
    return events.map((event) =>
      toStoreEvent<E>(event, what, stream, aggregateId)
    );
  }

  /** The newest event of an aggregate, in whichever of the streams. */
  async last<E extends Event>(
    streams: string[],
    aggregateId: string,
    tx: Neo4jTransaction | undefined,
  ): Promise<StoreEvent<E> | undefined> {
    const what = "getLastEventFor";
    const { lastOf } = await this.#log.statements();
    const facts = { stream: streams.join(", "), aggregateId };
    const parameters = { streams, aggregateId, limit: toInteger(1) };
    const ask = { what, facts, canRepeat: true };
    const rows = await this.#readWhole(
      what,
      tx,
      (tx) => this.#store.run({ ...ask, tx }, lastOf, parameters),
      (rows) => lastEvent(rows) === undefined || isEnd(lastEvent(rows)!),
    );
    const event = lastEvent(rows);
    return event && toStoreEvent<E>(event, what);
  }

  async #readWhole(
    what: string,
    tx: Neo4jTransaction | undefined,
    read: (tx: Neo4jTransaction | undefined) => Promise<Row[]>,
    isWhole: (rows: Row[]) => boolean,
  ): Promise<Row[]> {
    for (const pause of PAUSES_MS) {
      const rows = await read(tx);
      if (isWhole(rows)) return rows;
      await this.#clock.sleep(pause);
    }
    return await this.#log.settled(what, tx, read);
  }
}

function lastEvent(rows: Row[]): EventValues | undefined {
  return rows[0]?.["events"].at(-1);
}

function isWhole(rows: Row[], limit: number): boolean {
  const last = lastEvent(rows);
  if (last === undefined) return true;
  // What is missing before this position was deleted.
  const before = toNumber(rows[0]!["before"]);
  let previous = Math.max(0, toNumber(rows[0]!["since"]));
  const events: EventValues[] = rows[0]!["events"];
  for (const [version, position] of events) {
    if (toNumber(position) > before && toNumber(version) !== previous + 1) {
      return false;
    }
    previous = toNumber(version);
  }
  return events.length === limit || toNumber(last[1]) <= before || isEnd(last);
}

/** Whether the append that stored the event has no later one. */
function isEnd([version, , , , , until]: EventValues): boolean {
  return until == null || toNumber(until) <= toNumber(version);
}
