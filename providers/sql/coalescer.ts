import { setImmediate, setTimeout } from "node:timers";

/** The most appends that share a statement. */
const MAX_GROUP = 100;
/** The most events of them, and the most characters of these. */
const MAX_EVENTS = 100;
const MAX_CHARACTERS = 1_000_000;
/** The most statements under way, and with those that may be blocked. */
const MAX_STATEMENTS = 4;
const MAX_WITH_STALLED = 8;
/** The most appends that wait; whoever comes then waits before it is one. */
const MAX_WAITING = 10_000;
/** A statement that takes longer may be blocked, in milliseconds. */
const PATIENCE_MS = 100;
/** So many in a row that nobody else came with are taken for a single caller. */
const QUIET_AFTER = 4;

/** An append, as far as it matters to whom it shares a statement with. */
export type Coalescable = {
  /** The aggregate: of each only one is under way, in the order they came. */
  key: string;
  /** How many events it has. */
  size: number;
  /** How many characters these have. */
  characters: number;
};

/** What became of an append of a group; `run` does alone what is left to do. */
export type Outcome<Result> =
  | { value: Result }
  | { reason: unknown }
  | { run: () => Promise<Result> };

/** How a {@linkcode Coalescer} runs what it is given. */
export type CoalescerWork<Item, Result> = {
  /** Runs one append by itself. */
  alone(item: Item): Promise<Result>;
  /** Runs several by one statement: what it refuses, it refuses one by one. */
  together(items: Item[]): Promise<Outcome<Result>[]>;
  /**
   * What to run for one that is known to come too late; undefined if it does
   * not.
   *
   * @param stored What was stored since it came, of the same aggregate.
   */
  overtaken(item: Item, stored: Item): (() => Promise<Result>) | undefined;
};

type Entry<Item, Result> = {
  item: Item;
  /** What is left to do, alone. */
  run?: () => Promise<Result>;
  /** Whether the next of its aggregate does not wait for it. */
  isOvertaken?: boolean;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
};

/**
 * Stores appends that arrive together by one statement: a commit waits for the
 * disk, and that is what an append costs. They share nothing else: of a group
 * each is stored, or refused, by itself.
 */
export class Coalescer<Item extends Coalescable, Result> {
  #work: CoalescerWork<Item, Result>;
  /** Those that something is left to do for: they go first, and alone. */
  #unfinished: Entry<Item, Result>[] = [];
  /** Those that may run, one of each aggregate. */
  #ready: Entry<Item, Result>[] = [];
  /** Behind each aggregate that is ready or under way, those that came later. */
  #behind: Map<string, Entry<Item, Result>[]> = new Map();
  #waiting = 0;
  #running: Set<Entry<Item, Result>[]> = new Set();
  #stalled: Set<Entry<Item, Result>[]> = new Set();
  #forRoom: (() => void)[] = [];
  #isScheduled = false;
  #stall: ReturnType<typeof setTimeout> | undefined;
  #quiet = QUIET_AFTER;

  /** @param work How appends are run. */
  constructor(work: CoalescerWork<Item, Result>) {
    this.#work = work;
  }

  /** Waits, where too many appends wait already, until there are fewer. */
  async room(): Promise<void> {
    while (this.#waiting >= MAX_WAITING) {
      await new Promise<void>((resolve) => this.#forRoom.push(resolve));
    }
  }

  /** Whether {@linkcode room} would wait. */
  get isFull(): boolean {
    return this.#waiting >= MAX_WAITING;
  }

  /** Runs an append, with others if there are any. */
  run(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      const entry: Entry<Item, Result> = { item, resolve, reject };
      this.#waiting++;
      const behind = this.#behind.get(item.key);
      if (behind) {
        behind.push(entry);
        return;
      }
      this.#behind.set(item.key, []);
      this.#ready.push(entry);
      if (this.#running.size > 0) this.#quiet = 0;
      if (this.#quiet >= QUIET_AFTER && !this.#isScheduled) this.#flush();
      else this.#schedule();
    });
  }

  // Whoever was woken by the same event has its append ready by then.
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#unfinished.length + this.#ready.length > 0) {
      if (this.#running.size + this.#stalled.size >= MAX_WITH_STALLED) return;
      if (this.#running.size >= MAX_STATEMENTS) {
        this.#watchStalled();
        return;
      }
      const group = this.#take();
      if (group.length > 1 || this.#running.size > 0) this.#quiet = 0;
      else this.#quiet++;
      this.#running.add(group);
      this.#start(group);
    }
  }

  #take(): Entry<Item, Result>[] {
    const unfinished = this.#unfinished.shift();
    if (unfinished) return [unfinished];
    let size = 0;
    let characters = 0;
    let end = 0;
    while (end < this.#ready.length && end < MAX_GROUP) {
      const { item } = this.#ready[end]!;
      size += item.size;
      characters += item.characters;
      if (end > 0 && (size > MAX_EVENTS || characters > MAX_CHARACTERS)) break;
      end++;
    }
    const group = this.#ready.splice(0, end);
    this.#leave(group.length);
    return group;
  }

  #leave(count: number): void {
    this.#waiting -= count;
    for (const wake of this.#forRoom.splice(0, count)) wake();
  }

  async #start(group: Entry<Item, Result>[]): Promise<void> {
    for (const [at, outcome] of (await this.#run(group)).entries()) {
      const entry = group[at]!;
      if ("run" in outcome) {
        entry.run = outcome.run;
        this.#unfinished.push(entry);
      } else this.#settle(entry, outcome);
    }
    this.#running.delete(group);
    this.#stalled.delete(group);
    if (this.#unfinished.length + this.#ready.length > 0) this.#schedule();
  }

  async #run(group: Entry<Item, Result>[]): Promise<Outcome<Result>[]> {
    const [{ item, run }] = group as [Entry<Item, Result>];
    try {
      if (group.length > 1) {
        return await this.#work.together(group.map(({ item }) => item));
      }
      return [{ value: await (run ?? (() => this.#work.alone(item)))() }];
    } catch (reason) {
      return group.map(() => ({ reason }));
    }
  }

  #settle(
    { item, isOvertaken, resolve, reject }: Entry<Item, Result>,
    outcome: { value: Result } | { reason: unknown },
  ): void {
    if ("value" in outcome) resolve(outcome.value);
    else reject(outcome.reason);
    if (isOvertaken) return;
    if ("value" in outcome) this.#passOvertaken(item);
    const next = this.#behind.get(item.key)!.shift();
    if (next === undefined) this.#behind.delete(item.key);
    else this.#ready.push(next);
  }

  // They need not wait for each other to be refused.
  #passOvertaken(stored: Item): void {
    const behind = this.#behind.get(stored.key)!;
    if (behind.length === 0) return;
    const others = behind.filter((entry) => {
      const run = this.#work.overtaken(entry.item, stored);
      if (run === undefined) return true;
      entry.run = run;
      entry.isOvertaken = true;
      this.#unfinished.push(entry);
      return false;
    });
    this.#leave(behind.length - others.length);
    this.#behind.set(stored.key, others);
  }

  // A statement that waits for somebody's transaction must not take the place
  // of others for long. Groups give up by themselves.
  #watchStalled(): void {
    if (this.#stall !== undefined) return;
    const alone = [...this.#running].filter((group) => group.length === 1);
    if (alone.length === 0) return;
    this.#stall = setTimeout(() => {
      this.#stall = undefined;
      for (const group of alone) {
        if (this.#running.delete(group)) this.#stalled.add(group);
      }
      this.#flush();
    }, PATIENCE_MS);
    this.#stall.unref();
  }
}
