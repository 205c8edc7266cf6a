import { StoreError } from "./errors.ts";
import { countUpTo, type PlacedPage } from "./place_in_page.ts";
import type { Provider } from "./provider.ts";
import type { Records } from "./records.ts";
import { isKeptInSlices, keptInSlices } from "./sliced_bookmark.ts";
import {
  bookmarkOf,
  type NumberedHandler,
  takeOverPlaceOf,
} from "./version_names.ts";
import { type StoredLiveVersion, VersionRecord } from "./version_record.ts";

/**
 * What a handler with a number above 1 knows of the others, while it works.
 *
 * Until it is live, and those before it are closed, it handles nothing that one
 * of them has not handled: all of that is a replay. So at whatever point it
 * takes over, each event was live for exactly one of them.
 */
export class HandlerVersion {
  readonly handler: NumberedHandler;
  readonly record: VersionRecord;
  #provider: Provider<any>;
  #records: Records;
  #streams: string[];
  #known: StoredLiveVersion | undefined;
  #readings: number | undefined;
  #places: Map<number, any> = new Map();

  /** @param records Where it stands which one is live. */
  constructor(
    provider: Provider<any>,
    records: Records,
    streams: string[],
    handler: NumberedHandler,
  ) {
    this.#provider = provider;
    this.#records = records;
    this.#streams = streams;
    this.handler = handler;
    this.record = new VersionRecord(records, handler.name);
  }

  /** What was read last; to be asked behind `refresh`, as the two below. */
  get known(): StoredLiveVersion {
    return this.#known!;
  }

  /** Whether this is the one that is live, as far as is known. */
  get isLive(): boolean {
    return this.known.value.live === this.handler.version;
  }

  /** Whether it handles only what others have handled. */
  get replays(): boolean {
    return this.#sources().length > 0;
  }

  /** The place of a version, as it was when the last page was held against it. */
  placeOf(version: number): any {
    return this.#places.get(version);
  }

  /**
   * Reads which one is live, if that may be old.
   *
   * @param readings Of the cursor: it grows when its bookmark is read anew.
   * @throws {StoreError} `HANDLER_RETIRED` if it is a later one.
   */
  async refresh(readings: number): Promise<void> {
    if (this.#readings === readings) return;
    const { name } = this.handler;
    // A slice stands further than the bookmark that this one would look at.
    if (await isKeptInSlices(this.#records, name)) throw keptInSlices(name);
    await this.#read();
    this.#readings = readings;
  }

  /** It was changed by this handler. */
  learn(known: StoredLiveVersion): void {
    this.#known = known;
  }

  /**
   * How many events of a page were handled by the versions before this one.
   *
   * @returns -1 if this one has come further than any of them; undefined if it
   * has become another one's to say.
   */
  async countHandled(page: PlacedPage): Promise<number | undefined> {
    const provider = this.#provider;
    const { name, version: own } = this.handler;
    let most = -1;
    for (const version of this.#sources()) {
      let place = await provider.getPosition(bookmarkOf(name, version));
      this.#places.set(version, place);
      // Who has moved it since is not certain: this version, to close it.
      if (this.known.value.closing === version) {
        place = await provider.getPosition(takeOverPlaceOf(name, own));
      }
      const count = await countUpTo(provider, this.#streams, page, place);
      most = Math.max(most, count);
    }
    // Behind the places: one that is closed stands where its successor put it.
    return await this.#read() ? undefined : most;
  }

  /**
   * From which version on the events of an aggregate were live for this
   * handler, of those that it has come past.
   */
  async firstLive(stream: string, aggregateId: string): Promise<number> {
    const { name, version } = this.handler;
    // Before the record: then it is not further than the take-over.
    let place = await this.#provider.getPosition(bookmarkOf(name, version));
    const { value: { live, open } } = await this.record.read();
    if (live >= version && open.length === 0) {
      place = await this.#provider.getPosition(takeOverPlaceOf(name, version));
    }
    const [next] = await this.#provider.getEventsFor(
      stream,
      aggregateId,
      place,
      { limit: 1 },
    );
    return next?.version ?? Infinity;
  }

  /** Reads which one is live; says whether that has changed. */
  async #read(): Promise<boolean> {
    const before = this.#known?.revision;
    const known = await this.record.read();
    refuseRetired(this.handler, known);
    this.#known = known;
    return known.revision !== before;
  }

  #sources(): number[] {
    const { live, open } = this.known.value;
    return live === this.handler.version ? open : [live, ...open];
  }
}

/**
 * Refuses a version that another one has taken over from.
 *
 * @throws {StoreError} `HANDLER_RETIRED`
 */
export function refuseRetired(
  { name, version }: NumberedHandler,
  { value: { live } }: StoredLiveVersion,
): void {
  if (live <= version) return;
  throw new StoreError(
    "HANDLER_RETIRED",
    `Cannot run version ${version} of handler "${name}": version ${live} has taken over; to go back, give what it did a version above ${live}`,
    { bookmark: bookmarkOf(name, version) },
  );
}

/** Whether a later version has taken over, or one with shards. */
export function isRetirement(error: unknown): boolean {
  const code = error instanceof StoreError ? error.code : undefined;
  return code === "HANDLER_RETIRED" || code === "HANDLER_SHARDED";
}
