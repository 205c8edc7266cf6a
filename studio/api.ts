/**
 * What the server of the studio answers, and what its page asks: types only, so
 * that a bundle of the page has nothing of this file.
 *
 * **Who may ask.** `GET /?token=TOKEN`, the address that is printed at start,
 * answers the page and sets the token as a cookie, `HttpOnly` and
 * `SameSite=Strict`. The page takes the token out of its address with
 * `history.replaceState`, and asks all else with `fetch(path)`, whose cookie the
 * browser adds. Scripts may send `Authorization: Bearer TOKEN` in its place.
 *
 * **Answers.** JSON, UTF-8. A status of 400 or more has {@linkcode ErrorAnswer}.
 * Positions are texts: they may be larger than a number of JavaScript holds, and
 * nothing but the server compares them. Times are texts as of
 * `Date.toISOString()`, durations are numbers.
 *
 * **Routes.**
 *
 * | method and path         | parameters                            | answer                          |
 * | ----------------------- | ------------------------------------- | ------------------------------- |
 * | `GET /`, `/studio.js`, `/studio.css` | `token` once             | the page                        |
 * | `GET /api/overview`     |                                       | {@linkcode OverviewAnswer}      |
 * | `GET /api/streams`      |                                       | {@linkcode StreamsAnswer}       |
 * | `GET /api/events`       | {@linkcode EventsParameters}          | {@linkcode EventsAnswer}        |
 * | `GET /api/tail`         | {@linkcode TailParameters}            | a stream of {@linkcode TailMessage} |
 * | `GET /api/aggregate`    | {@linkcode AggregateParameters}       | {@linkcode AggregateAnswer}     |
 * | `GET /api/state`        | {@linkcode StateParameters}           | {@linkcode StateAnswer}         |
 * | `GET /api/causation`    | {@linkcode CausationParameters}       | {@linkcode CausationAnswer}     |
 * | `GET /api/handled`      | {@linkcode HandledParameters}         | {@linkcode HandledAnswer}       |
 * | `GET /api/handlers`     |                                       | {@linkcode HandlersAnswer}      |
 * | `GET /api/parked`       | {@linkcode ParkedParameters}          | {@linkcode ParkedAnswer}        |
 * | `GET /api/search`       | {@linkcode SearchParameters}          | {@linkcode SearchAnswer}        |
 * | `POST /api/retry`       | body {@linkcode RetryRequest}         | {@linkcode RetryAnswer}         |
 * | `POST /api/discard`     | body {@linkcode DiscardRequest}       | {@linkcode DiscardAnswer}       |
 *
 * The two that change something need `Content-Type: application/json`, and a
 * studio that was started with `--write`; otherwise they answer 403 `READ_ONLY`.
 *
 * @module
 */

/** A value that JSON holds. */
export type Json =
  | null
  | boolean
  | number
  | string
  | Json[]
  | { [key: string]: Json };

/** Every answer with a status of 400 or more. */
export type ErrorAnswer = {
  error: {
    /**
     * `UNAUTHORIZED` (401), `FORBIDDEN` (403: a foreign host or origin),
     * `READ_ONLY` (403), `NOT_FOUND` (404), `METHOD_NOT_ALLOWED` (405),
     * `UNSUPPORTED_MEDIA_TYPE` (415), `INVALID_INPUT` (400), `NOT_SUPPORTED`
     * (501), or the code of the error that the library has thrown (500; 409
     * where somebody else was faster, 503 where the database does not answer).
     */
    code: string;
    /** What is wrong and what to do, as a sentence. */
    message: string;
  };
};

/** `GET /api/overview`: what the studio looks at. */
export type OverviewAnswer = {
  /** What the provider calls itself, such as `sqlite`. */
  driver: string;
  /** The version of this library. */
  libraryVersion: string;
  /** Whether it was started with `--write`. */
  write: boolean;
  /** The aggregates of the domain module; empty without one. */
  domain: DomainAggregate[];
  /** The names of the handlers whose code is known, which can be retried. */
  handlers: string[];
  /** What the provider has; a view whose part is missing says so. */
  capabilities: {
    /** Streams can be listed; without it none of the views works. */
    catalog: boolean;
    /** Parked events, owners of bookmarks. */
    records: boolean;
    /** The end of the log as handlers see it is known. */
    horizon: boolean;
    /** The provider tells of new events; otherwise the tail polls. */
    watch: boolean;
  };
  /** The newest event; null in an empty store. */
  newest: { position: string; timestamp: string } | null;
  /** The safe end of the log, and the writers that hold it back. */
  horizon?: {
    position: string;
    blockedBy: { session: string; ageMs?: number }[];
  };
  /** The time of the server. */
  at: string;
};

/** An aggregate of the domain module. */
export type DomainAggregate = {
  /** What the module calls it. */
  name: string;
  /** Its stream. */
  stream: string;
  /** Its fields that are encrypted, by the type of the event. */
  personal?: { [type: string]: string[] };
};

/** `GET /api/streams`: the streams, with how much happens in them. */
export type StreamsAnswer = {
  /** In the order of their names. */
  streams: StreamRate[];
  /** The newest events of the log, from which the rates are taken. */
  sample: {
    /** How many there are; at most 1,000. */
    events: number;
    /** When the oldest of them was stored; null without any. */
    since: string | null;
    /** Until when the rates count: now, by the server. */
    until: string;
  };
};

/** How much happens in a stream. */
export type StreamRate = {
  /** Its name. */
  stream: string;
  /** How many events of the sample it has. */
  recent: number;
  /** Events a minute, over the time of the sample. */
  perMinute: number;
  /** Events of the sample in 30 equal parts of its time, oldest first. */
  buckets: number[];
  /** The newest event; null where looking it up would cost too much. */
  newest: {
    position: string;
    timestamp: string;
    type: string;
    aggregateId: string;
  } | null;
};

/** An event as the studio shows it. */
export type StudioEvent = {
  /** Its place in the log. */
  position: string;
  /** Its stream. */
  stream: string;
  /** Its aggregate. */
  aggregateId: string;
  /** Its place among the events of the aggregate, from 1. */
  version: number;
  /** When it was stored. */
  timestamp: string;
  /** Its type; an empty text for what is no event. */
  type: string;
  /** What is stored, with its `type`; encrypted fields are null. */
  event: Json;
  /** What the command added, with `correlationId` and `causationId`. */
  metadata?: { [key: string]: Json };
  /**
   * The fields that are encrypted in the store, and what `event` has in their
   * place: `sealed`, null, because the keys are not used; `forgotten`, the
   * placeholder of the domain, because the key is gone; `open`, the value, in a
   * studio that was told to decrypt; `unreadable`, null.
   */
  personal?: {
    [field: string]: "sealed" | "forgotten" | "open" | "unreadable";
  };
};

/** Query parameters of `GET /api/events`; all of them may be left out. */
export type EventsParameters = {
  /** Only of this stream. */
  stream?: string;
  /** Only of the aggregate with this id. */
  aggregate?: string;
  /** Only of this type. */
  type?: string;
  /** Only stored at this time or later: an ISO text. */
  since?: string;
  /** Only stored before this time: an ISO text. */
  until?: string;
  /** Only with this text in the stored JSON or its metadata, in any case. */
  text?: string;
  /** Default: `newest`, the newest first. */
  order?: "newest" | "oldest";
  /**
   * Go on behind this position, in the order that is asked for: the `next` of
   * the answer before.
   */
  from?: string;
  /** The most events to answer, from 1 to 200. Default: 50. */
  limit?: string;
};

/** `GET /api/events`: a part of the log. */
export type EventsAnswer = {
  /** In the order that was asked for. */
  events: StudioEvent[];
  /** How many events were read to find those; a request reads 10,000 at most. */
  scanned: number;
  /**
   * Where to go on, as `from`; null at the end. There may be one beside no
   * events: then none was found in what was read, and there is more to read.
   */
  next: string | null;
};

/** Query parameters of `GET /api/tail`. */
export type TailParameters = {
  /** Only of this stream. */
  stream?: string;
  /** Begin behind this position. Default: at the end of the log. */
  from?: string;
};

/**
 * `GET /api/tail` answers `text/event-stream`, which `EventSource` reads: it
 * sends the cookie by itself. Each message is unnamed, its `data` is this as
 * JSON, and its `id` the position, with which `EventSource` goes on after a lost
 * connection. A comment comes every 15 seconds.
 */
export type TailMessage =
  /** New events, oldest first; 200 at most. */
  | { kind: "events"; events: StudioEvent[] }
  /**
   * More events came than anybody can read: so many were left out, and it goes
   * on at the end.
   */
  | { kind: "skipped"; events: number; more: boolean }
  /** The database did not answer; it is tried again. */
  | { kind: "error"; error: ErrorAnswer["error"] };

/** Query parameters of `GET /api/aggregate`. */
export type AggregateParameters = {
  /** Its stream. */
  stream: string;
  /** Its id. */
  id: string;
  /** Begin behind this version. Default: 0. */
  after?: string;
  /** The most events, from 1 to 500. Default: 100. */
  limit?: string;
};

/** `GET /api/aggregate`: the events of an aggregate, and what each one did. */
export type AggregateAnswer = {
  stream: string;
  aggregateId: string;
  /** Its version now; 0 if there is no such aggregate. */
  version: number;
  /** What the domain module calls it; null where no module has its stream. */
  name: string | null;
  /** The state before the first of these events; absent without a domain. */
  before?: Json;
  /** By version. */
  events: AggregateEvent[];
  /** The version to go on behind, as `after`; null at the end. */
  next: number | null;
};

/** An event of an aggregate, and what it did. */
export type AggregateEvent = StudioEvent & {
  /**
   * What `fold` changed. Absent without a domain, and from the event on at
   * which `fold` has thrown.
   */
  changes?: StateChange[];
  /**
   * The state after it. Absent as `changes` is, and where the answer has grown
   * too large: ask `GET /api/state` for that version.
   */
  state?: Json;
  /** What `fold` has thrown at this event. */
  failure?: ErrorAnswer["error"];
};

/** One difference between two states. */
export type StateChange = {
  /** Where: keys and indices from the outside in; empty for the whole state. */
  path: (string | number)[];
  /** What was there; absent if nothing was. */
  before?: Json;
  /** What is there; absent if nothing is. */
  after?: Json;
};

/** Query parameters of `GET /api/state`. */
export type StateParameters = {
  stream: string;
  id: string;
  /** At which version; 0 is the empty aggregate. */
  version: string;
};

/** `GET /api/state`: what `fold` makes of an aggregate up to a version. */
export type StateAnswer = {
  version: number;
  /** Absent without a domain for the stream. */
  state?: Json;
  /** What `fold` has thrown. */
  failure?: ErrorAnswer["error"];
};

/**
 * Query parameters of `GET /api/causation`: an event, by `stream`, `id` and
 * `version`, or a `correlationId`, or a `commandId`.
 */
export type CausationParameters = {
  stream?: string;
  id?: string;
  version?: string;
  correlationId?: string;
  commandId?: string;
  /** Go on behind this position: the `next` of the answer before. */
  from?: string;
};

/**
 * `GET /api/causation`: the commands of a correlation. A tree of them is made by
 * `cause`: a command whose `cause` is the `key` of an event was sent by a
 * handler of that event. Add those of the next answer to those before it; a
 * command may come again, in full, and takes the place of the one with its key.
 */
export type CausationAnswer = {
  /** What they have in common; null if the event has none. */
  correlationId: string | null;
  /** The `key` of the event that was asked for; null if none was found. */
  focus: string | null;
  /** In the order in which they were stored. */
  commands: CausedCommand[];
  /** How many events were read to find those; 10,000 a request at most. */
  scanned: number;
  /** Where to go on, as `from`; null when the end of the log was reached. */
  next: string | null;
};

/** A command, as far as its events tell of it. */
export type CausedCommand = {
  /** Tells it apart from the others: the key of its first event. */
  key: string;
  /** Its own id, if it was sent with one. */
  commandId: string | null;
  /**
   * What sent it: the key of an event, `stream/aggregateId@version`, or what
   * the application has given as `causationId`; null if that is not known.
   */
  cause: string | null;
  stream: string;
  aggregateId: string;
  timestamp: string;
  /** What it stored. */
  events: (StudioEvent & {
    /** `stream/aggregateId@version` */
    key: string;
  })[];
};

/** Query parameters of `GET /api/handled`. */
export type HandledParameters = {
  stream: string;
  id: string;
  version: string;
};

/** `GET /api/handled`: what the known handlers did with an event. */
export type HandledAnswer = {
  /** Those of the stream; without a config file with handlers, none. */
  handlers: { bookmark: string; state: "handled" | "behind" | "parked" }[];
};

/** `GET /api/handlers`: how far the handlers are. */
export type HandlersAnswer = {
  /** The time of the server. */
  at: string;
  handlers: StudioHandler[];
  /**
   * What this studio has seen before, oldest first: at most 360, one in at
   * least 5 seconds, and only while somebody asks.
   */
  samples: LagSample[];
};

/** The lags at one time. */
export type LagSample = {
  at: string;
  lags: { [bookmark: string]: { events: number; seconds: number } };
};

/** A bookmark, or a handler that has none yet. */
export type StudioHandler = {
  /** Its name. */
  bookmark: string;
  /** Where it stands; null if it has handled nothing. */
  position: string | null;
  /** How far it is behind. */
  lag: {
    /** Counted to 1,000. */
    events: number;
    /** Whether there are more. */
    more: boolean;
    /** The age of the oldest of them. */
    seconds: number;
    /**
     * Of which events: those that it handles, or those of all streams, because
     * its own streams are known only to its code.
     */
    of: "its streams" | "all streams";
  };
  /** Whether its code is known, so that it can be retried. */
  isKnown: boolean;
  /** Which process works on it; null if none does, or it is not known. */
  owner: string | null;
  /** How many aggregates are parked. */
  parked: number;
  /** What it parked last; null if nothing. */
  lastError: { name: string; message: string; at: string } | null;
};

/** Query parameters of `GET /api/parked`. */
export type ParkedParameters = {
  /** Only of this handler. */
  bookmark?: string;
};

/** `GET /api/parked`: what handlers have parked, oldest first. */
export type ParkedAnswer = {
  /** At most 1,000. */
  parked: StudioParked[];
  /** Whether there are more. */
  more: boolean;
};

/** An aggregate of which something is parked. */
export type StudioParked = {
  bookmark: string;
  stream: string;
  aggregateId: string;
  /** The version that failed. */
  version: number;
  /** The last version that waits behind it. */
  lastVersion: number;
  /** How often it has failed for good. */
  failures: number;
  /** When it failed last. */
  at: string;
  /** Where the event stands that failed. */
  position?: string;
  /** What its callback threw. */
  error?: { name: string; message: string; code?: string; stack?: string };
  /** Whether the code of its handler is known, and the studio may write. */
  canRetry: boolean;
};

/** Query parameters of `GET /api/search`. */
export type SearchParameters = {
  /** The id of an aggregate, `stream/id@version`, a position, or any text. */
  text: string;
};

/**
 * `GET /api/search`: what a text names, found by an index. For what is inside of
 * events, ask `GET /api/events?text=` beside it.
 */
export type SearchAnswer = {
  /** The aggregates with this id. */
  aggregates: { stream: string; aggregateId: string; version: number }[];
  /** The streams whose name has it; at most 20. */
  streams: string[];
  /** The event that it names, by key or by position. */
  events: StudioEvent[];
};

/** Body of `POST /api/retry`: what is parked of an aggregate is handled again. */
export type RetryRequest = {
  bookmark: string;
  stream: string;
  aggregateId: string;
};

/** `POST /api/retry` */
export type RetryAnswer = {
  /** How many events were handled. */
  handled: number;
  /** What was thrown: that event, and those behind it, stay parked. */
  failure?: ErrorAnswer["error"];
};

/** Body of `POST /api/discard`: parked events of an aggregate are given up. */
export type DiscardRequest = {
  bookmark: string;
  stream: string;
  aggregateId: string;
  /** Up to which version: `version` of the parked one, or its `lastVersion`. */
  version: number;
};

/** `POST /api/discard` */
export type DiscardAnswer = {
  /** How many events were given up. */
  discarded: number;
};
