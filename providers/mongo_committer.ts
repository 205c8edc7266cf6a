import { setImmediate } from "node:timers";
import { type Clock, systemClock } from "../core/clock.ts";
import { StoreError } from "../core/errors.ts";
import type { Commit } from "./mongo_documents.ts";
import { isForeignKey, toStoreError, WriteRefusal } from "./mongo_errors.ts";
import { insertCommits, type Problem } from "./mongo_insert.ts";
import { type KnownVersions, toKey } from "./mongo_known_versions.ts";
import { findMissing } from "./mongo_gaps.ts";
import { findRefusal, findStored } from "./mongo_refusal.ts";
import { type MongoSlots, PATIENCE_MS } from "./mongo_slots.ts";
import type { MongoLog } from "./mongo_store.ts";
import { tellAppendGroup } from "./append_groups.ts";

/** How many appends become one command at most. */
const MAX_GROUP = 100;

/** An append that waits for its outcome: the position before its first event. */
type Waiting = {
  commit: Commit;
  resolve: (head: bigint) => void;
  reject: (error: unknown) => void;
};

/**
 * Stores the commits of this process that have no transaction of their own,
 * one command at a time: those of a single event that wait together are one.
 */
export class MongoCommitter {
  #slots: MongoSlots;
  #known: KnownVersions;
  #clock: Clock;
  #waiting: Waiting[] = [];
  #isRunning = false;
  #averageMs = 5;

  /** @param slots Whose turn it is. @param known What needs no question. */
  constructor(
    slots: MongoSlots,
    known: KnownVersions,
    clock: Clock = systemClock,
  ) {
    this.#slots = slots;
    this.#known = known;
    this.#clock = clock;
  }

  /** @returns The position before the one that its first event has. */
  commit(log: MongoLog, commit: Commit): Promise<bigint> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ commit, resolve, reject });
      if (!this.#isRunning) this.#run(log);
    });
  }

  async #run(log: MongoLog): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      // Whoever was woken by the same event has its append ready by then.
      await new Promise<void>((resolve) => setImmediate(resolve));
      let end: (() => void) | undefined;
      let group: Waiting[] = [];
      try {
        end = await this.#slots.take("append");
        group = this.#nextGroup();
        tellAppendGroup("mongodb", group.length);
        await new GroupCommit(this.#slots, this.#clock, log, group)
          .run(this.#known, this.#averageMs)
          .then((ms) => this.#averageMs += (ms - this.#averageMs) / 10);
      } catch (error) {
        if (!end) group = this.#waiting.splice(0);
        rejectAll(group, error);
      } finally {
        end?.();
      }
    }
    this.#isRunning = false;
  }

  // In the order they came, but one an aggregate: the second may build on the
  // first.
  #nextGroup(): Waiting[] {
    const [first] = this.#waiting;
    const isSingle = ({ commit }: Waiting) => commit.documents.length === 1;
    if (!isSingle(first!)) return this.#waiting.splice(0, 1);
    const seen = new Set<string>();
    const group: Waiting[] = [];
    this.#waiting = this.#waiting.filter((waiting) => {
      const key = toKey(waiting.commit.stream, waiting.commit.aggregateId);
      const isTaken = group.length < MAX_GROUP && isSingle(waiting) &&
        !seen.has(key);
      seen.add(key);
      if (isTaken) group.push(waiting);
      return !isTaken;
    });
    return group;
  }
}

/** The way of one group into the log. */
class GroupCommit {
  #slots: MongoSlots;
  #clock: Clock;
  #log: MongoLog;
  #pending: Waiting[];
  // Whether some of them may be stored without our knowing.
  #isUncertain = false;
  #isOneByOne = false;
  // Whether somebody's transaction is in the way.
  #hurries = false;
  #problem: Problem | undefined;

  constructor(
    slots: MongoSlots,
    clock: Clock,
    log: MongoLog,
    group: Waiting[],
  ) {
    this.#slots = slots;
    this.#clock = clock;
    this.#log = log;
    this.#pending = group;
  }

  /** @returns How long the last try took, in milliseconds. */
  async run(known: KnownVersions, averageMs: number): Promise<number> {
    const end = this.#clock.monotonic() + PATIENCE_MS;
    let took = averageMs;
    let failures = 0;
    while (this.#pending.length > 0) {
      if (this.#clock.monotonic() > end) {
        rejectAll(this.#pending, this.#outOfPatience());
        break;
      }
      const start = this.#clock.monotonic();
      const goesOn = await this.#try(known);
      took = this.#clock.monotonic() - start;
      if (!goesOn) failures++;
      // Others are at work: whoever wins at once again would starve them.
      const pause = averageMs * Math.min(failures, 3);
      if (pause > 0) await this.#clock.sleep(this.#clock.random() * pause);
    }
    return took;
  }

  /** @returns Whether it went on without being in anybody's way. */
  async #try(known: KnownVersions): Promise<boolean> {
    try {
      if (this.#isUncertain) await this.#settleStored();
      await this.#refuseGaps(known);
      if (this.#pending.length === 0) return true;
      const head = await this.#slots.head(this.#log);
      const tried = this.#isOneByOne
        ? this.#pending.slice(0, 1)
        : this.#pending;
      const commits = tried.map(({ commit }) => commit);
      const { stored, problem } = await insertCommits(
        this.#log,
        commits,
        head,
        this.#hurries,
      );
      this.#settle(stored, head, known);
      if (!problem) return true;
      this.#problem = problem;
      return await this.#solve(problem, tried.length - stored);
    } catch (error) {
      const lost = toStoreError("append", error);
      if ((lost as { code?: unknown }).code !== "CONNECTION_LOST") throw error;
      this.#problem = { kind: "busy", error };
      return false;
    }
  }

  #settle(stored: number, head: bigint, known: KnownVersions): void {
    let end = head;
    for (const { commit, resolve } of this.#pending.splice(0, stored)) {
      resolve(end);
      const count = commit.documents.length;
      end += BigInt(count);
      known.add(
        commit.stream,
        commit.aggregateId,
        commit.version + count - 1,
        end,
      );
    }
    if (stored > 0) this.#slots.advance(end);
  }

  async #solve({ kind, error }: Problem, left: number): Promise<boolean> {
    const isUnknown = kind === "unknown" || kind === "late";
    if (isUnknown) this.#isUncertain = true;
    if (kind === "late") this.#isOneByOne = this.#hurries = true;
    if (isUnknown || kind === "slot") this.#slots.forget();
    if (kind === "key") return await this.#solveKey(error);
    if (kind !== "refused") return false;
    if (!(error instanceof WriteRefusal) && left > 1) {
      this.#isOneByOne = true;
      return true;
    }
    this.#pending.shift()!.reject(error);
    // A server that checks all of a command first stores none of it.
    this.#isUncertain = true;
    return true;
  }

  async #solveKey(error: unknown): Promise<boolean> {
    const [guilty] = this.#pending;
    await this.#settleStored();
    if (!guilty || this.#pending[0] !== guilty) return true;
    const refusal = await findRefusal(this.#log, guilty.commit);
    const isForeign = error instanceof WriteRefusal &&
      isForeignKey(error.refusal);
    // What refused it may be stored and not yet by a majority.
    if (!refusal && !isForeign) return false;
    this.#pending.shift()!.reject(refusal ?? error);
    return true;
  }

  async #settleStored(): Promise<void> {
    const commits = this.#pending.map(({ commit }) => commit);
    const stored = await findStored(this.#log, commits);
    if (stored.size > 0) this.#slots.forget();
    this.#pending = this.#pending.filter(({ commit, resolve }) => {
      const head = stored.get(commit);
      if (head !== undefined) resolve(head);
      return head === undefined;
    });
  }

  async #refuseGaps(known: KnownVersions): Promise<void> {
    const commits = this.#pending.map(({ commit }) => commit);
    const missing = await findMissing(this.#log, commits, known);
    for (const commit of missing) {
      const at = this.#pending.findIndex((one) => one.commit === commit);
      const refusal = await findRefusal(this.#log, commit);
      if (refusal) this.#pending.splice(at, 1)[0]!.reject(refusal);
    }
  }

  #outOfPatience(): unknown {
    const { error: cause } = this.#problem ?? {};
    if (this.#isUncertain) {
      return new StoreError(
        "OUTCOME_UNKNOWN",
        "Cannot tell whether an append was stored: the connection was lost before the answer came; load the aggregate, or send the command again with its commandId",
        { cause },
      );
    }
    const known = toStoreError("append", cause);
    if (known instanceof StoreError) return known;
    return new StoreError(
      "STORE_BUSY",
      `Cannot run append: other writers have been faster for ${PATIENCE_MS} ms`,
      { cause },
    );
  }
}

// Each caller gets an error of its own.
function rejectAll(group: Waiting[], error: unknown): void {
  for (const { reject } of group) {
    reject(
      error instanceof StoreError && group.length > 1
        ? new StoreError(error.code, error.message, { cause: error })
        : error,
    );
  }
}
