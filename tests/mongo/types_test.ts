import type { StoreEvent } from "evtstore";
import type * as mongodb6 from "npm:mongodb@6";
import type * as mongodb7 from "npm:mongodb@7";
import {
  type Bookmark,
  createProvider,
  migrate,
  type Options,
} from "../../providers/mongo.ts";
import { type Equal, expectType } from "../types/equal.ts";

type Counted = { type: "Counted"; number: number };

/** Never called: it compiles, or it does not. */
export function types(
  events7: mongodb7.Collection<StoreEvent<Counted>>,
  bookmarks7: mongodb7.Collection<Bookmark>,
  events6: Promise<mongodb6.Collection<StoreEvent<Counted>>>,
  bookmarks6: mongodb6.Collection,
): void {
  const by7 = createProvider({ events: events7, bookmarks: bookmarks7 });
  by7.transact((session) => {
    expectType<Equal<typeof session, mongodb7.ClientSession>>();
    return session.endSession();
  });
  const by6 = createProvider({ events: events6, bookmarks: bookmarks6 });
  by6.transact((session) => {
    expectType<Equal<typeof session, mongodb6.ClientSession>>();
    return session.endSession();
  });
  // As evtstore 12's own types are used.
  const options: Options<Counted> = { events: events6, bookmarks: bookmarks6 };
  const provider = createProvider<Counted>(options);
  provider.getEventsFor("counters", "ada").then(([stored]) => {
    expectType<Equal<typeof stored, StoreEvent<Counted> | undefined>>();
  });
  migrate(events7, bookmarks7) satisfies Promise<void>;
  migrate({
    events: events6,
    bookmarks: bookmarks6,
    print: true,
  }) satisfies Promise<string[]>;
  // @ts-expect-error: bookmarks are missing.
  createProvider({ events: events7 });
}
