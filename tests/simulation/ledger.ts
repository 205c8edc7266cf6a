import {
  BOOKMARK_RECORD,
  liveVersionKey,
} from "../../core/bookmark_records.ts";
import type { StoreEvent } from "../../core/event.ts";
import type { LiveVersion } from "../../core/version_record.ts";
import { type Book, createBook, isDone, ownerIn } from "./book.ts";
import { recordKey } from "./database.ts";
import type { Machine } from "./machine.ts";
import { aggregateOf, concerns, type Role } from "./role.ts";
import { Run } from "./run.ts";
import type { Committed, Effect } from "./store.ts";

/**
 * Watches everything that happens from outside, and holds it against what the
 * library promises.
 */
export class Ledger {
  #books: Map<string, Book> = new Map();
  #families: Map<string, Book[]> = new Map();
  #members: Map<string, Machine> = new Map();
  #fail: (message: string) => void;
  #end = 0;

  /** @param fail Is told of what must not happen. */
  constructor(roles: readonly Role[], fail: (message: string) => void) {
    this.#fail = fail;
    for (const role of roles) {
      const book = createBook(role);
      this.#books.set(role.bookmark, book);
      if (role.name === undefined) continue;
      const versions = this.#families.get(role.name) ?? [];
      this.#families.set(role.name, [...versions, book]);
    }
  }

  knows(bookmark: string): boolean {
    return this.#books.has(bookmark);
  }

  /** Where the bookmark stands. */
  stored(bookmark: string): number {
    return this.#book(bookmark).stored;
  }

  /** The life of a process that owns the bookmark by the store's records. */
  owner(bookmark: string): Machine | undefined {
    const { owner } = this.#book(bookmark);
    return owner === undefined ? undefined : this.#members.get(owner);
  }

  /** How many events wait to be handled, or for the bookmark to pass them. */
  behind(bookmark: string): number {
    const { events, passed, retired } = this.#book(bookmark);
    // The later version is asked for them.
    if (retired) return 0;
    return events.length - passed;
  }

  /** Somebody was told that an event is handled. */
  saidToBeHandled(bookmark: string, position: number): void {
    const book = this.#book(bookmark);
    const event = book.events.find((one) => one.position === position);
    const versions = this.#versionsOf(book);
    const isDoneBy = (one: Book) =>
      concerns(one.role, event!)
        ? isDone(one, event!)
        : position <= (one.closedAt ?? one.stored);
    if (event && !versions.some(isDoneBy)) {
      this.#fail(`${position} is said to be handled by ${bookmark}`);
    }
  }

  /** Somebody was told where a handler stands. */
  saidToStandAt(bookmark: string, position: number): void {
    const book = this.#book(bookmark);
    if (book.closedAt !== undefined) return;
    const missing = book.events.find((event) =>
      event.position <= position && !isDone(book, event)
    );
    if (missing) {
      this.#fail(
        `${bookmark} is said to stand at ${position}, without ${missing.position}`,
      );
    }
  }

  /** How often an event was handled twice. */
  repeated(bookmark: string): number {
    let sum = 0;
    for (const times of this.#book(bookmark).handled.values()) sum += times - 1;
    return sum;
  }

  appended(events: readonly StoreEvent<any>[]): void {
    for (const event of events) {
      this.#end = event.position;
      for (const { role, events, byAggregate } of this.#books.values()) {
        if (!concerns(role, event)) continue;
        events.push(event);
        const aggregate = aggregateOf(event);
        const own = byAggregate.get(aggregate);
        if (own) own.push(event);
        else byAggregate.set(aggregate, [event]);
      }
    }
  }

  /**
   * An application runs a handler by itself, which it may without owning.
   *
   * @returns Call it at the end.
   */
  runsOnce(machine: Machine, bookmark: string): () => void {
    const { runningOnce } = this.#book(bookmark);
    const count = (by: number) => {
      const calls = (runningOnce.get(machine) ?? 0) + by;
      if (calls > 0) runningOnce.set(machine, calls);
      else runningOnce.delete(machine);
    };
    count(1);
    return () => count(-1);
  }

  /** A callback begins. */
  began(machine: Machine, bookmark: string, event: StoreEvent<any>): void {
    const book = this.#book(bookmark);
    const what = `${machine.name} begins ${event.position} of ${bookmark}`;
    if (event.replay) this.#replays(book, event, what);
    const wrong = this.#run(machine, book).next(event);
    if (wrong) this.#fail(`${what}, which ${wrong}`);
    const inHand = this.#inHand(machine, book);
    if (inHand.has(event.position)) this.#fail(`${what}, which it has in hand`);
    const { batch, options: { concurrency = 1, exclusive = true } } = book.role;
    // A batch has several, one after the other.
    if (!batch && [...inHand.values()].includes(aggregateOf(event))) {
      this.#fail(`${what}, beside another one of its aggregate`);
    }
    inHand.set(event.position, aggregateOf(event));
    if (inHand.size > (batch ?? concurrency)) {
      this.#fail(`${what}, beside ${inHand.size - 1} others`);
    }
    if (!exclusive || book.runningOnce.has(machine)) return;
    const owner = this.owner(bookmark);
    if (owner !== machine) {
      this.#fail(`${what}, which ${owner?.name ?? "nobody"} owns`);
    } else if (event.position <= book.takenAt) {
      this.#fail(`${what}, which was done before it took over`);
    }
  }

  /** A callback ended well. */
  ended(machine: Machine, bookmark: string, event: StoreEvent<any>): void {
    const book = this.#book(bookmark);
    const inHand = this.#inHand(machine, book);
    inHand.delete(event.position);
    const { transactional, concurrency = 1 } = book.role.options;
    if (!transactional) this.#count(book, event.position);
    if (!transactional && !event.replay) book.live.add(event.position);
    // If the page is cut short here, some are done behind one that is not.
    if (concurrency > 1 && inHand.size === 0) this.#run(machine, book).fail();
  }

  /** A callback throws. */
  threw(machine: Machine, bookmark: string, event: StoreEvent<any>): void {
    const book = this.#book(bookmark);
    this.#inHand(machine, book).delete(event.position);
    this.#run(machine, book).fail();
  }

  /** A handler was told to pass over what fails, and reports that it does. */
  passedOver(bookmark: string, position: number): void {
    this.#book(bookmark).passedOver.add(position);
  }

  /** A handler reports any failure. */
  failed(machine: Machine, bookmark: string): void {
    const book = this.#books.get(bookmark);
    if (book) this.#run(machine, book).fail();
  }

  bookmarkWasRead(machine: Machine, bookmark: string, position: number): void {
    this.#run(machine, this.#book(bookmark)).begin(position);
  }

  bookmarkWasStored(
    machine: Machine,
    bookmark: string,
    position: number,
  ): void {
    const book = this.#book(bookmark);
    // A later version has moved it, not a handler of its own.
    if (book.closedAt === undefined) this.#run(machine, book).store(position);
  }

  movedBlindly(machine: Machine, bookmark: string): void {
    this.#fail(`${machine.name} moves ${bookmark} without comparing`);
  }

  /** A process names the member that it calls itself. */
  claims(machine: Machine, member: string): void {
    this.#members.set(member, machine);
  }

  /** `stop()` resolved. */
  stopped(machine: Machine, bookmark: string): void {
    const inHand = this.#inHand(machine, this.#book(bookmark));
    if (inHand.size > 0) {
      this.#fail(
        `${machine.name} stopped ${bookmark} with ${[
          ...inHand.keys(),
        ]} in hand`,
      );
    }
  }

  /** Something is there for everybody. */
  committed({ writes, effects }: Committed): void {
    for (const effect of effects) this.#effect(effect);
    for (const [name, versions] of this.#families) {
      const record = writes.get(
        recordKey(BOOKMARK_RECORD, liveVersionKey(name)),
      );
      if (record) this.#takenOver(versions, record as { value: string });
    }
    for (const [key, value] of writes) {
      const [kind, ...rest] = key.split("/");
      if (kind === "bookmark") {
        const book = this.#books.get(rest.join("/"));
        if (book) this.#moved(book, value as number);
      } else if (rest[0] !== undefined) {
        this.#owned(rest[1]!, ownerIn(value));
      }
    }
    for (const { bookmark, position } of effects) {
      if (position <= this.stored(bookmark)) continue;
      this.#fail(`a row of ${bookmark} for ${position} is committed before it`);
    }
  }

  #owned(bookmark: string, owner: string | undefined): void {
    const book = this.#books.get(bookmark);
    if (!book) return;
    if (owner !== book.owner) book.takenAt = book.stored;
    book.owner = owner;
  }

  /** The record that says which version is live is there for everybody. */
  #takenOver(versions: Book[], record: { value: string }): void {
    const { live, open, closing }: LiveVersion = JSON.parse(record.value);
    versions.slice(0, live).forEach((book, index) => {
      book.retired = index + 1 < live;
      if (!book.retired) book.wasLive = true;
      book.closing = closing === index + 1;
      const isOpen = open.includes(index + 1) && !book.closing;
      if (isOpen) book.closedAt = undefined;
      // One that was never live has nothing that could be closed.
      else if (book.retired && (book.wasLive || index === 0)) {
        book.closedAt ??= book.stored;
      }
    });
  }

  /** A version is told that an earlier one has handled an event. */
  #replays(book: Book, { position }: StoreEvent<any>, what: string): void {
    const versions = this.#versionsOf(book);
    const earlier = versions.slice(0, versions.indexOf(book));
    const isHandled = earlier.some(({ closedAt, stored }) =>
      position <= (closedAt ?? stored)
    );
    if (!isHandled) this.#fail(`${what} again, which nobody has handled`);
  }

  /** How many events were live for more than one version of a handler. */
  twiceLive(bookmark: string): number {
    const book = this.#book(bookmark);
    const others = this.#versionsOf(book).filter((one) => one !== book);
    return [...book.live].filter((position) =>
      others.some(({ live }) => live.has(position))
    ).length;
  }

  /** Whether a later version has taken over. */
  isRetired(bookmark: string): boolean {
    return this.#book(bookmark).retired;
  }

  /** All versions of a handler, in their order. */
  #versionsOf(book: Book): Book[] {
    const { name } = book.role;
    return name === undefined ? [book] : this.#families.get(name)!;
  }

  #effect({ bookmark, position, replay }: Effect): void {
    const book = this.#book(bookmark);
    if (!replay) {
      book.live.add(position);
      const both = this.#versionsOf(book).filter(({ live, role }) =>
        live.has(position) && role.options.transactional
      );
      if (both.length > 1) {
        this.#fail(`${position} is live twice, also for ${bookmark}`);
      }
    }
    if (book.handled.has(position)) {
      this.#fail(`${position} of ${bookmark} is written twice`);
    }
    this.#count(book, position);
  }

  #moved(book: Book, to: number): void {
    const { role: { bookmark }, stored } = book;
    if (book.closing) {
      book.stored = to;
      return;
    }
    if (to <= stored) {
      this.#fail(`${bookmark} moves back from ${stored} to ${to}`);
    }
    if (to > this.#end) this.#fail(`${bookmark} moves past the log, to ${to}`);
    if (stored > (book.closedAt ?? Infinity)) {
      this.#fail(`${bookmark} moves to ${to}, though it was closed`);
    }
    book.stored = to;
    // It moves out of the reach of its handlers, past what the next one does.
    if (book.closedAt !== undefined) return;
    for (;;) {
      const event = book.events[book.passed];
      if (!event || event.position > to) break;
      if (!isDone(book, event)) {
        this.#fail(`${bookmark} skips ${event.position} on its way to ${to}`);
      }
      book.passed++;
    }
  }

  #count({ handled }: Book, position: number): void {
    handled.set(position, (handled.get(position) ?? 0) + 1);
  }

  #book(bookmark: string): Book {
    return this.#books.get(bookmark)!;
  }

  #run(machine: Machine, book: Book): Run {
    let run = book.runs.get(machine);
    if (!run) {
      run = new Run((aggregate) => book.byAggregate.get(aggregate) ?? []);
      book.runs.set(machine, run);
    }
    return run;
  }

  #inHand(machine: Machine, book: Book): Map<number, string> {
    let inHand = book.inHand.get(machine);
    if (!inHand) book.inHand.set(machine, inHand = new Map());
    return inHand;
  }
}
