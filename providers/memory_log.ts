import type { StoredCommand } from "../core/catalog.ts";
import type { StoreEvent } from "../core/event.ts";

/** A stored event. Its content is kept as text, so that nobody can change it. */
type Entry = Omit<StoreEvent, "event" | "metadata"> & {
  event: string;
  metadata?: string;
  commandId?: string;
};

/**
 * The events of a memory provider, in order. Those of an open transaction stand
 * behind the committed ones, where only the transaction itself looks.
 */
export class MemoryLog {
  #entries: Entry[] = [];
  #aggregates: Map<string, Map<string, Entry[]>> = new Map();
  #committed = 0;

  /** Adds an event at the end; it counts once `commit` is called. */
  add(stored: StoreEvent<any>, commandId?: string): StoreEvent<any> {
    const position = this.#nextPosition(stored.position);
    const entry: Entry = {
      stream: stored.stream,
      aggregateId: stored.aggregateId,
      version: stored.version,
      position,
      timestamp: new Date(stored.timestamp),
      event: JSON.stringify(stored.event),
    };
    if (stored.metadata) entry.metadata = JSON.stringify(stored.metadata);
    if (commandId !== undefined) entry.commandId = commandId;
    this.#entries.push(entry);
    this.#entriesOf(entry.stream, entry.aggregateId).push(entry);
    return toStored(entry);
  }

  /** What was added is there for everybody. */
  commit(): void {
    this.#committed = this.#entries.length;
  }

  /** What was added since the last commit was never there. */
  rollback(): void {
    while (this.#entries.length > this.#committed) {
      const { stream, aggregateId } = this.#entries.pop()!;
      this.#entriesOf(stream, aggregateId).pop();
    }
  }

  /** The position of the last event, 0 if there is none. */
  end(inTransaction: boolean): number {
    const length = inTransaction ? this.#entries.length : this.#committed;
    return this.#entries[length - 1]?.position ?? 0;
  }

  /** The events of some streams after a position. */
  after(streams: string[], position: number, limit: number): StoreEvent<any>[] {
    const found: StoreEvent<any>[] = [];
    const first = this.#indexAfter(position);
    for (let index = first; index < this.#committed; index++) {
      if (found.length === limit) break;
      const entry = this.#entries[index]!;
      if (streams.includes(entry.stream)) found.push(toStored(entry));
    }
    return found;
  }

  /** The newest event of some streams. */
  last(streams: string[], inTransaction: boolean): StoreEvent<any> | undefined {
    const length = inTransaction ? this.#entries.length : this.#committed;
    for (let index = length - 1; index >= 0; index--) {
      const entry = this.#entries[index]!;
      if (streams.includes(entry.stream)) return toStored(entry);
    }
    return undefined;
  }

  /** The events of one aggregate after a position. */
  aggregate(
    stream: string,
    id: string,
    position: number,
    limit: number,
    inTransaction: boolean,
  ): StoreEvent<any>[] {
    const end = this.end(inTransaction);
    const found: StoreEvent<any>[] = [];
    for (const entry of this.#aggregates.get(stream)?.get(id) ?? []) {
      if (entry.position <= position) continue;
      if (entry.position > end || found.length === limit) break;
      found.push(toStored(entry));
    }
    return found;
  }

  /** The newest event of one aggregate. */
  lastOf(
    stream: string,
    id: string,
    inTransaction: boolean,
  ): StoreEvent<any> | undefined {
    const end = this.end(inTransaction);
    const entry = this.#aggregates.get(stream)?.get(id)
      ?.findLast((entry) => entry.position <= end);
    return entry && toStored(entry);
  }

  /** The version of the aggregate's event that a command id came with. */
  versionOf(
    stream: string,
    id: string,
    commandId: string,
    inTransaction: boolean,
  ): number | undefined {
    const end = this.end(inTransaction);
    return this.#aggregates.get(stream)?.get(id)?.find((entry) =>
      entry.commandId === commandId && entry.position <= end
    )?.version;
  }

  /** The streams that have events. */
  streams(): string[] {
    const committed = (entry: Entry | undefined) =>
      entry !== undefined && entry.position <= this.end(false);
    return [...this.#aggregates].filter(([, aggregates]) =>
      [...aggregates.values()].some(([first]) => committed(first))
    ).map(([stream]) => stream);
  }

  /** The commands of events after a position up to another. */
  commands(after: number, upTo: number): StoredCommand[] {
    const found: StoredCommand[] = [];
    const first = this.#indexAfter(after);
    for (let index = first; index < this.#committed; index++) {
      const { stream, aggregateId, version, position, commandId } = this
        .#entries[index]!;
      if (position > upTo) break;
      if (commandId === undefined) continue;
      found.push({ stream, aggregateId, version, commandId });
    }
    return found;
  }

  #entriesOf(stream: string, id: string): Entry[] {
    let aggregates = this.#aggregates.get(stream);
    if (!aggregates) this.#aggregates.set(stream, aggregates = new Map());
    let entries = aggregates.get(id);
    if (!entries) aggregates.set(id, entries = []);
    return entries;
  }

  #nextPosition(given: unknown): number {
    const last = this.#entries.at(-1)?.position ?? 0;
    return typeof given === "number" && given > last ? given : last + 1;
  }

  /** The index of the first committed event behind a position. */
  #indexAfter(position: number): number {
    let low = 0;
    let high = this.#committed;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.position > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function toStored(entry: Entry): StoreEvent<any> {
  const stored: StoreEvent<any> = {
    stream: entry.stream,
    aggregateId: entry.aggregateId,
    version: entry.version,
    position: entry.position,
    timestamp: new Date(entry.timestamp),
    event: JSON.parse(entry.event),
  };
  if (entry.metadata !== undefined) {
    stored.metadata = JSON.parse(entry.metadata);
  }
  return stored;
}
