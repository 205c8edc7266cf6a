import type { Event } from "../core/event.ts";
import type { ErrorCallback, FullProvider } from "../core/provider.ts";
import type { MongoCollection, MongoTimestamp } from "./mongo_driver.ts";

/** A document of the collection of bookmarks. */
export type Bookmark = {
  /** Its name. */
  bookmark: string;
  /** Where it stands. */
  position: MongoTimestamp;
};

/** Options of {@linkcode createProvider}. */
export type Options<E extends Event = any, Session = any> = {
  /** The most events that a read returns. @default {1000} */
  limit?: number;
  /** The collection of events, or the promise of it. */
  events: MongoCollection<Session> | Promise<MongoCollection<Session>>;
  /** The collection of bookmarks, or the promise of it. */
  bookmarks: MongoCollection<Session> | Promise<MongoCollection<Session>>;
  /**
   * The collection of records, or the promise of it.
   *
   * @default of the name of `events` with `_records`, in the same database
   */
  records?: MongoCollection<Session> | Promise<MongoCollection<Session>>;
  /** Called with every failure that has no caller; a warning unless given. */
  onError?: ErrorCallback;
  /**
   * Whether to use transactions. Without them an append of several events is
   * one document at first.
   *
   * @default whether the server has them: a replica set and a sharded cluster do
   */
  transactions?: boolean;
  /** Only its type counts: what events there are. */
  readonly __event?: E;
};

/** What {@linkcode createProvider} returns. */
export type MongoProvider<E extends Event, Session = any> = FullProvider<
  E,
  Session
>;
