import { isSamePosition } from "./position.ts";
import type { EventPage } from "./provider.ts";

type Read = { from: any; page: Promise<EventPage<any>> };

/**
 * The pages that several slices far behind read, one after the other: who comes
 * to the same place reads the same page. Only full ones are kept, as nothing
 * can be added to them.
 */
export class FullPages {
  #capacity: number;
  #read: (position: any) => Promise<EventPage<any>>;
  #limit: number;
  #pages: Read[] = [];

  /**
   * @param capacity How many are kept.
   * @param limit How many events a full one has.
   * @param read Reads the one after a position.
   */
  constructor(
    capacity: number,
    limit: number,
    read: (position: any) => Promise<EventPage<any>>,
  ) {
    this.#capacity = capacity;
    this.#limit = limit;
    this.#read = read;
  }

  /** The page after a position. */
  async after(position: any): Promise<EventPage<any>> {
    const known = this.#pages.find(({ from }) =>
      isSamePosition(from, position)
    );
    if (known) return await known.page;
    const read: Read = { from: position, page: this.#read(position) };
    this.#pages.push(read);
    if (this.#pages.length > this.#capacity) this.#pages.shift();
    try {
      const page = await read.page;
      if (page.length < this.#limit) this.#forget(read);
      return page;
    } catch (error) {
      this.#forget(read);
      throw error;
    }
  }

  #forget(read: Read): void {
    this.#pages = this.#pages.filter((one) => one !== read);
  }
}
