import { PAGE_SIZE, requestPage } from "./log_request.ts";
import { isSamePosition } from "./position.ts";
import type { Provider } from "./provider.ts";
import { type NumberedEvent, RecentEvents } from "./recent_events.ts";

/** How many events of the log are kept, for slices that are near. */
const RECENT = 4 * PAGE_SIZE;

/** Up to where the log was read. */
type Head = { position: any; number: number };

/** What the reading asks of those that it reads for. */
export type CommonReadingContext = {
  /** Waits while there is no room for more. */
  room(): Promise<void>;
  /** Takes what was read. */
  taken(events: NumberedEvent[]): void;
};

/** The reading of the log that several share: page by page, each event numbered. */
export class CommonReading {
  #provider: Provider<any>;
  #streams: string[];
  #context: CommonReadingContext;
  #recent: RecentEvents = new RecentEvents(RECENT);
  /** Undefined before anybody reads. */
  #head: Head | undefined;
  #count = 0;
  #isAtEnd = false;
  #news = 0;
  #growing: Promise<void> | undefined;

  /** @param provider Where the events are. */
  constructor(
    provider: Provider<any>,
    streams: string[],
    context: CommonReadingContext,
  ) {
    this.#provider = provider;
    this.#streams = streams;
    this.#context = context;
  }

  /** The events that were read last. */
  get recent(): RecentEvents {
    return this.#recent;
  }

  /** How many events were read. */
  get count(): number {
    return this.#count;
  }

  /** Whether there was nothing more when it was read last. */
  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** Whether somebody reads, and there may be more. */
  get isWanted(): boolean {
    return this.#head !== undefined && !this.#isAtEnd;
  }

  /**
   * Begins at a position, unless it has begun.
   *
   * @returns Up to where the log was read.
   */
  begin(position: any): Head {
    return this.#head ??= { position, number: this.#count };
  }

  /** Nobody reads any more; the next one begins elsewhere. */
  end(): void {
    this.#head = undefined;
    this.#recent = new RecentEvents(RECENT);
    this.#isAtEnd = false;
  }

  /** There may be more than was read. */
  expectMore(): void {
    this.#news++;
    this.#isAtEnd = false;
  }

  /** The next page is asked for, whether more is expected or not. */
  lookAgain(): void {
    this.#isAtEnd = false;
  }

  /** The number of the last event before a place; undefined if that is unknown. */
  numberAt(position: any): number | undefined {
    const head = this.#head!;
    return isSamePosition(head.position, position)
      ? head.number
      : this.#recent.lastAt(position);
  }

  /** Waits for a page that is on its way. */
  async settled(): Promise<void> {
    await this.#growing?.catch(() => {});
  }

  /** Reads the next page for all; those who ask meanwhile wait for the same. */
  grow(): Promise<void> {
    return this.#growing ??= this.#growNow().finally(() => {
      this.#growing = undefined;
    });
  }

  async #growNow(): Promise<void> {
    await this.#context.room();
    const head = this.#head;
    if (!head) return;
    const news = this.#news;
    const page = await requestPage(
      this.#provider,
      this.#streams,
      head.position,
    );
    // All slices have left meanwhile, or others have begun elsewhere.
    if (this.#head !== head) return;
    const taken = page.map((event) => ({ number: ++this.#count, event }));
    for (const { event, number } of taken) this.#recent.add(event, number);
    const position = page.scannedTo ?? page.at(-1)?.position ?? head.position;
    this.#head = { position, number: this.#count };
    this.#isAtEnd = page.length === 0 && news === this.#news;
    this.#context.taken(taken);
  }
}
