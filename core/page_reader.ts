import { pageLimit, requestPage } from "./log_request.ts";
import type { EventPage, Provider } from "./provider.ts";
import { isSamePosition } from "./position.ts";
import type { EventOpener } from "./sealer.ts";

type Page = { from: any; events: Promise<EventPage<any>> | EventPage<any> };

/**
 * Reads the pages of a handler. While one is handled the next is on its way,
 * and what was not handled of a page is not read a second time.
 */
export class PageReader {
  #provider: Provider<any>;
  #streams: string[];
  #sealer: EventOpener | undefined;
  #stored: EventPage<any> = [];
  #next: Page | undefined;
  #reading: Set<Promise<unknown>> = new Set();

  /**
   * @param provider Where the events are.
   * @param sealer Decrypts them.
   */
  constructor(
    provider: Provider<any>,
    streams: string[],
    sealer?: EventOpener,
  ) {
    this.#provider = provider;
    this.#streams = streams;
    this.#sealer = sealer;
  }

  /** The events after a position. */
  async read(position: any): Promise<EventPage<any>> {
    const next = this.#next;
    this.#next = undefined;
    const page = next && isSamePosition(next.from, position)
      ? await next.events
      : await requestPage(this.#provider, this.#streams, position);
    if (!this.#sealer) return page;
    this.#stored = page;
    const opened: EventPage<any> = await this.#sealer.open(page);
    opened.scannedTo = page.scannedTo;
    return opened;
  }

  /** Begins to read what follows a page, if that one was full. */
  readAhead(events: EventPage<any>): void {
    if (events.length < pageLimit(this.#provider)) return;
    const from = events.at(-1)!.position;
    const next = requestPage(this.#provider, this.#streams, from);
    // It is thrown where it is read; nobody may come to read it.
    const reading = next.catch(() => {});
    this.#reading.add(reading);
    reading.then(() => this.#reading.delete(reading));
    this.#next = { from, events: next };
  }

  /** Whether the log had no more when these were read. */
  isEnd(events: EventPage<any>): boolean {
    return events.length < pageLimit(this.#provider);
  }

  /** Part of a page was handled: the rest comes next. */
  keepRest(events: EventPage<any>, seen: number): void {
    if (seen === 0) return this.forget();
    // As it was stored: who is forgotten before it comes next stays forgotten.
    const page = this.#sealer ? this.#stored : events;
    const rest: EventPage<any> = page.slice(seen);
    rest.scannedTo = events.scannedTo;
    this.#next = { from: events[seen - 1]!.position, events: rest };
  }

  /** Nothing that was read ahead is what comes next. */
  forget(): void {
    this.#next = undefined;
  }

  /** Waits for what is still on its way, so that nothing is after the end. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#reading);
  }
}
