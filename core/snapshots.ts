import type {
  Aggregate,
  AggregateSnapshots,
  BaseAggregate,
  GetAggregateOptions,
} from "./aggregate.ts";
import type { CachedAggregate } from "./aggregate_cache.ts";
import { BackgroundQueue } from "./background_queue.ts";
import { type Clock, systemClock } from "./clock.ts";
import { StoreError } from "./errors.ts";
import type { Event } from "./event.ts";
import { reportFailure } from "./event_failure.ts";
import { whatJsonLoses } from "./json_form.ts";
import { setNewest } from "./newest.ts";
import type { Provider, ProviderOrPromise } from "./provider.ts";
import type { Sealer } from "./sealer.ts";
import { differenceOf } from "./snapshot_check.ts";
import {
  foldBehind,
  type FoldOf,
  type UsableSnapshot,
} from "./snapshot_fold.ts";
import {
  checkSnapshotOptions,
  type SnapshotOptions,
} from "./snapshot_options.ts";
import {
  SNAPSHOT,
  type Snapshot,
  SnapshotStore,
  stateOf,
} from "./snapshot_record.ts";
import {
  needsSample,
  restorePosition,
  storePosition,
} from "./stored_position.ts";

/** What snapshots are taken of. */
export type SnapshotSource<E extends Event, A extends Aggregate> =
  & FoldOf<E, A>
  & {
    /** Where its events are stored. */
    provider: ProviderOrPromise<E>;
    /** Folds all events. */
    load(
      provider: Provider<E>,
      id: string,
      options: GetAggregateOptions,
    ): Promise<CachedAggregate<A & BaseAggregate>>;
    /** Encrypts what is kept of an aggregate with personal fields. */
    sealer?: Sealer;
    /** Told of an aggregate whose snapshot was wrong. */
    wrong(id: string): void;
  };

/** How many aggregates' last snapshots are remembered. */
const MAX_KNOWN = 10_000;

/** How many aggregates' snapshots wait to be written. */
const MAX_WAITING = 1000;

/**
 * Keeps aggregates as they were after some of their events, so that a load
 * reads only those that follow. A snapshot is written behind the command that
 * made it due, and nothing waits for it; a load uses one only where the log
 * goes on exactly where it ends.
 */
export class Snapshots<E extends Event, A extends Aggregate>
  implements AggregateSnapshots<E, A> {
  #source: SnapshotSource<E, A>;
  #options: Required<SnapshotOptions>;
  #clock: Clock;
  #writes: BackgroundQueue;
  #checks: BackgroundQueue;
  // The version at which an aggregate's last snapshot was kept, or tried.
  #known: Map<string, number> = new Map();
  #sample: Promise<any> | undefined;

  /** @throws {StoreError} `INVALID_INPUT`, naming the option. */
  constructor(
    source: SnapshotSource<E, A>,
    options: SnapshotOptions,
    clock: Clock = systemClock,
  ) {
    this.#source = source;
    this.#options = checkSnapshotOptions(source.stream, options);
    this.#clock = clock;
    this.#writes = new BackgroundQueue(MAX_WAITING, clock);
    this.#checks = new BackgroundQueue(1, clock);
  }

  /** Loads an aggregate: from its snapshot, if it has one that is right. */
  async load(
    provider: Provider<E>,
    id: string,
    options: GetAggregateOptions,
  ): Promise<CachedAggregate<A & BaseAggregate>> {
    const usable = await this.#find(provider, id, options);
    if (!usable) return await this.#source.load(provider, id, options);
    const loaded = await foldBehind(usable, provider, this.#source, options);
    const { snapshot } = usable;
    if (loaded) {
      this.#remember(id, Math.max(snapshot.at, this.#known.get(id) ?? 0));
      if (options.tx === undefined) this.#checkSometimes(provider, id, usable);
      return loaded;
    }
    // Inside a transaction nothing is written that it does not ask for.
    if (options.tx === undefined) {
      this.#discard(provider, id, snapshot, "the log does not go on behind it");
    }
    return await this.#source.load(provider, id, options);
  }

  /**
   * Something was appended, outside of any transaction: keeps a snapshot if one
   * is due.
   *
   * @param position Where the last event of the aggregate was stored.
   */
  appended(
    provider: Provider<E>,
    aggregate: A & BaseAggregate,
    position: any,
  ): void {
    const { aggregateId: id, version: at } = aggregate;
    const { version, every } = this.#options;
    if (at - (this.#known.get(id) ?? 0) < every) return;
    // Also if it fails: the next one is tried when it is due.
    this.#remember(id, at);
    const stored = storePosition(position);
    const loss = stored === undefined
      ? "its position is of a kind that has no text"
      : whatJsonLoses(aggregate);
    if (loss !== undefined) {
      return this.#report(provider, this.#failed(id, `JSON loses it: ${loss}`));
    }
    // Now, as the caller gets the aggregate and may change it.
    const state = JSON.stringify(aggregate);
    const snapshot: Snapshot = { version, at, position: stored!, state };
    this.#writes.add(id, async () => {
      try {
        const kept = await this.#store(provider).write(id, snapshot, every);
        this.#remember(id, Math.max(kept, this.#known.get(id) ?? 0));
      } catch (error) {
        this.#report(provider, this.#failed(id, "it was not written", error));
      }
    });
  }

  /** Removes the snapshots of an aggregate whose events are removed. */
  async forget(id: string): Promise<void> {
    await this.#writes.settled();
    this.#known.delete(id);
    await this.#store(await this.#source.provider).forget(id);
  }

  /** Resolves when no snapshot is being written or checked any more. */
  async settled(): Promise<void> {
    await this.#writes.settled();
    await this.#checks.settled();
    await this.#writes.settled();
  }

  async #find(
    provider: Provider<E>,
    id: string,
    options: GetAggregateOptions,
  ): Promise<UsableSnapshot<A> | undefined> {
    try {
      const store = this.#store(provider);
      const { version } = this.#options;
      const snapshot = await store.read(id, version, options);
      if (!snapshot) return undefined;
      const aggregate = stateOf<A>(snapshot, id);
      const position = await this.#positionOf(provider, snapshot);
      return { aggregate, position, snapshot };
    } catch (error) {
      // A transaction may have ended with it.
      if (options.tx !== undefined) throw error;
      this.#report(provider, this.#failed(id, "it was not read", error));
      return undefined;
    }
  }

  async #positionOf(
    provider: Provider<E>,
    { position }: Snapshot,
  ): Promise<any> {
    if (!needsSample(position)) return restorePosition(position);
    this.#sample ??= provider.getPosition(SNAPSHOT);
    try {
      return restorePosition(position, await this.#sample);
    } catch (error) {
      this.#sample = undefined;
      throw error;
    }
  }

  #checkSometimes(
    provider: Provider<E>,
    id: string,
    usable: UsableSnapshot<A>,
  ): void {
    const { check } = this.#options;
    if (check === 0 || this.#clock.random() * check >= 1) return;
    const { snapshot } = usable;
    this.#checks.add(id, async () => {
      try {
        const { at } = snapshot;
        const place = await differenceOf(snapshot, id, provider, this.#source);
        if (place === undefined) return;
        const problem = `at version ${at} its "${place}" differs`;
        this.#discard(provider, id, snapshot, problem);
      } catch (error) {
        const problem = "it could not be checked";
        this.#report(provider, this.#failed(id, problem, error));
      }
    });
  }

  /** Tells of a snapshot that is wrong, and removes it. */
  #discard(
    provider: Provider<E>,
    id: string,
    snapshot: Snapshot,
    problem: string,
  ): void {
    const { stream } = this.#source;
    this.#known.delete(id);
    this.#source.wrong(id);
    this.#report(
      provider,
      new StoreError(
        "SNAPSHOT_STALE",
        `The snapshot of "${id}" in stream "${stream}" at version ${snapshot.at} is not what its events fold into, and was removed: ${problem}. Give "snapshot" another version than "${snapshot.version}" if the fold has changed`,
        { stream, aggregateId: id },
      ),
    );
    this.#writes.add(`remove\0${id}`, async () => {
      try {
        await this.#store(provider).remove(id, snapshot);
      } catch (error) {
        this.#report(provider, this.#failed(id, "it was not removed", error));
      }
    });
  }

  #store(provider: Provider<E>): SnapshotStore {
    const { stream, sealer } = this.#source;
    return new SnapshotStore(provider.records!, stream, sealer);
  }

  #remember(id: string, at: number): void {
    setNewest(this.#known, id, at, MAX_KNOWN);
  }

  #failed(id: string, problem: string, cause?: unknown): StoreError {
    const { stream } = this.#source;
    return new StoreError(
      "SNAPSHOT_FAILED",
      `Cannot keep or use the snapshot of "${id}" in stream "${stream}": ${problem}. Its events are there; more of them are folded`,
      { stream, aggregateId: id, cause },
    );
  }

  #report(provider: Provider<E>, error: StoreError): void {
    reportFailure(provider, error, [this.#source.stream], "");
  }
}
