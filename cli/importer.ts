import { isDeepStrictEqual } from "node:util";
import { aggregateKey } from "../core/aggregate_key.ts";
import type { StoreEvent } from "../core/event.ts";
import type { Provider } from "../core/provider.ts";
import type { ExportedEvent } from "./export_lines.ts";
import { FoundError } from "./failure.ts";
import { visible } from "./text.ts";

/** How many stored events of an aggregate are read for a comparison. */
const PAGE = 200;
/** Of how many aggregates the version is kept in mind. */
const MOST_KNOWN = 200_000;

/** An aggregate of the target: its version, and what of it is compared next. */
type Known = { version: number; page: StoreEvent<any>[]; position: any };

/** Stores events as they are in a file, in their order. */
export class Importer {
  /** How many events were stored. */
  stored = 0;
  /** How many events were there already. */
  found = 0;
  #provider: Provider<any>;
  #known: Map<string, Known> = new Map();
  #transacts: boolean;

  /** @param provider Where to store them. */
  constructor(provider: Provider<any>) {
    this.#provider = provider;
    this.#transacts = provider.transact !== undefined;
  }

  /**
   * Stores those of the events that are not there, all of them or none where
   * the database can do that.
   *
   * @throws {FoundError} If one that is there is another one.
   */
  async store(events: ExportedEvent[]): Promise<void> {
    const missing: ExportedEvent[] = [];
    const versions = new Map<string, number>();
    for (const event of events) {
      const key = aggregateKey(event.stream, event.id);
      const known = await this.#look(key, event);
      const version = versions.get(key) ?? known.version;
      if (event.version <= version) await this.#compare(event, known);
      else if (event.version === version + 1) {
        missing.push(event);
        versions.set(key, event.version);
      } else {
        throw new FoundError(
          `Cannot store ${
            nameOf(event)
          }: the store has it up to version ${version}`,
        );
      }
    }
    const commits = toCommits(missing);
    if (commits.length > 1 && this.#transacts) await this.#transact(commits);
    else for (const commit of commits) await this.#append(commit, undefined);
    for (const [key, version] of versions) {
      this.#known.get(key)!.version = version;
    }
    this.stored += missing.length;
    this.found += events.length - missing.length;
    if (this.#known.size > MOST_KNOWN) this.#known.clear();
  }

  async #transact(commits: ExportedEvent[][]): Promise<void> {
    try {
      await this.#provider.transact!(async (tx) => {
        for (const commit of commits) await this.#append(commit, tx);
      });
    } catch (error) {
      if ((error as { code?: unknown }).code !== "NOT_SUPPORTED") throw error;
      // A MongoDB server that stands alone has none.
      this.#transacts = false;
      for (const commit of commits) await this.#append(commit, undefined);
    }
  }

  async #look(key: string, event: ExportedEvent): Promise<Known> {
    let known = this.#known.get(key);
    if (!known) {
      const { stream, id } = event;
      const last = await this.#provider.getLastEventFor(stream, id);
      known = { version: last?.version ?? 0, page: [], position: undefined };
      this.#known.set(key, known);
    }
    return known;
  }

  async #append(commit: ExportedEvent[], tx: unknown): Promise<void> {
    const [{ stream, id, version, commandId }] = commit as [ExportedEvent];
    const events = this.#provider.createEvents(
      stream,
      id,
      version,
      commit.map(({ event }) => event as any),
    );
    for (const [index, stored] of events.entries()) {
      const { timestamp, metadata } = commit[index]!;
      stored.timestamp = new Date(timestamp);
      if (metadata !== undefined) stored.metadata = metadata as any;
    }
    await this.#provider.append(stream, id, version, events, {
      ...commandId === undefined ? {} : { commandId },
      ...tx === undefined ? {} : { tx },
    });
  }

  async #compare(event: ExportedEvent, known: Known): Promise<void> {
    const { stream, id, version, commandId } = event;
    let stored: StoreEvent<any> | undefined;
    while (!(stored = known.page.find((one) => one.version === version))) {
      known.page = await this.#provider.getEventsFor(
        stream,
        id,
        known.position,
        { limit: PAGE },
      );
      const last = known.page.at(-1);
      if (!last) break;
      known.position = last.position;
    }
    if (version === known.version) known.page = [];
    const isSame = stored !== undefined &&
      new Date(stored.timestamp).toISOString() === event.timestamp &&
      isSameJson(stored.event, event.event) &&
      isSameJson(stored.metadata, event.metadata) &&
      await this.#hasCommand(stream, id, version, commandId);
    if (isSame) return;
    throw new FoundError(
      `The store has another event as ${
        nameOf(event)
      }: nothing is overwritten, so import into an empty store`,
    );
  }

  async #hasCommand(
    stream: string,
    id: string,
    version: number,
    commandId: string | undefined,
  ): Promise<boolean> {
    if (commandId === undefined || !this.#provider.findCommand) return true;
    const found = await this.#provider.findCommand(stream, id, commandId);
    return found === version;
  }
}

/** Events that were one append can be one again: those of a command, or more. */
function toCommits(events: ExportedEvent[]): ExportedEvent[][] {
  const commits: ExportedEvent[][] = [];
  let before: ExportedEvent | undefined;
  for (const event of events) {
    const goesOn = before?.stream === event.stream && before.id === event.id &&
      event.commandId === undefined;
    if (goesOn) commits.at(-1)!.push(event);
    else commits.push([event]);
    before = event;
  }
  return commits;
}

/** Whether they would be the same in a file: MongoDB gives dates as such. */
function isSameJson(stored: unknown, given: unknown): boolean {
  const asJson = stored === undefined
    ? undefined
    : JSON.parse(JSON.stringify(stored));
  return isDeepStrictEqual(asJson, given);
}

function nameOf({ stream, id, version }: ExportedEvent): string {
  return `version ${version} of "${visible(id)}" in stream "${
    visible(stream)
  }"`;
}
