import type { EventPage, StoreEvent } from "evtstore";
import type {
  MemoryProvider,
  MemoryTransaction,
} from "evtstore/provider/memory";
import type { ProviderFixture } from "evtstore/testing";
import { memoryFixture } from "../providers/memory_fixture.ts";

/** A position as a driver gives it: an object, which `<` cannot compare. */
class ObjectPosition {
  #value: number;

  constructor(value: number) {
    this.#value = value;
  }

  static unwrap(position: any): any {
    return position instanceof ObjectPosition ? position.#value : position;
  }

  static fromString(text: string): ObjectPosition {
    return new ObjectPosition(Number(text));
  }

  toString(): string {
    return String(this.#value);
  }

  equals(other: unknown): boolean {
    return ObjectPosition.unwrap(other) === this.#value;
  }

  valueOf(): never {
    throw new TypeError("A position was compared with < or >");
  }
}

const { unwrap } = ObjectPosition;

const wrap = <E extends StoreEvent<any>>(stored: E): E => ({
  ...stored,
  position: new ObjectPosition(stored.position),
});

/** The memory provider, with positions that are objects. */
export const objectPositionFixture: ProviderFixture<MemoryTransaction> = {
  ...memoryFixture,
  async open() {
    const opened = await memoryFixture.open();
    const good = opened.provider as MemoryProvider<any>;
    const provider: MemoryProvider<any> = {
      ...good,
      getPosition: async (bookmark) =>
        new ObjectPosition(await good.getPosition(bookmark)),
      setPosition: (bookmark, position, { from, ...options } = {}) =>
        good.setPosition(bookmark, unwrap(position), {
          ...options,
          ...(from === undefined ? {} : { from: unwrap(from) }),
        }),
      async getEventsFrom(streams, position, limit) {
        const page = await good.getEventsFrom(streams, unwrap(position), limit);
        const wrapped: EventPage<any> = page.map(wrap);
        if (page.scannedTo !== undefined) {
          wrapped.scannedTo = new ObjectPosition(page.scannedTo);
        }
        return wrapped;
      },
      getEventsFor: async (stream, id, position, options) =>
        (await good.getEventsFor(stream, id, unwrap(position), options))
          .map(wrap),
      async getLastEventFor(...read) {
        const last = await good.getLastEventFor(...read);
        return last && wrap(last);
      },
      append: async (...append) => (await good.append(...append)).map(wrap),
      async horizon() {
        const { position, ...horizon } = await good.horizon();
        return { ...horizon, position: new ObjectPosition(position) };
      },
      catalog: {
        ...good.catalog,
        bookmarks: async () =>
          (await good.catalog.bookmarks()).map(({ bookmark, position }) => ({
            bookmark,
            position: new ObjectPosition(position),
          })),
        commands: (after, upTo) =>
          good.catalog.commands(unwrap(after), unwrap(upTo)),
      },
    };
    return { ...opened, provider };
  },
};
