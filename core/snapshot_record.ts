import type { Aggregate, BaseAggregate } from "./aggregate.ts";
import { recordKey } from "./record_key.ts";
import type { Records, StoredRecord } from "./records.ts";
import type { Sealer } from "./sealer.ts";
import { isStoredPosition, type StoredPosition } from "./stored_position.ts";

/** The kind of the records that hold snapshots. */
export const SNAPSHOT = "evtstore.snapshot";

/** An aggregate as it was after one of its events. */
export type Snapshot = {
  /** The version of the fold. */
  version: string;
  /** The version of the aggregate. */
  at: number;
  /** The position of its last event. */
  position: StoredPosition;
  /**
   * The aggregate, as text: a database that stores JSON as such may give back
   * the properties in another order.
   */
  state: string;
};

/** The value of a record: at most one snapshot of each version of the fold. */
type SnapshotRecord = {
  stream: string;
  aggregateId: string;
  snapshots: Snapshot[];
};

/** How often a snapshot is written anew when somebody else was faster. */
const TRIES = 5;

/** The snapshots of one aggregate, in a record of its own. */
export class SnapshotStore {
  #records: Records;
  #stream: string;
  #sealer: Sealer | undefined;

  /**
   * @param records Where they are kept.
   * @param sealer Encrypts what is in them.
   */
  constructor(records: Records, stream: string, sealer?: Sealer) {
    this.#records = records;
    this.#stream = stream;
    this.#sealer = sealer;
  }

  /**
   * The snapshot of a version of the fold.
   *
   * @throws {Error} If the record is not one of this library.
   */
  async read(
    id: string,
    version: string,
    options: { tx?: any } = {},
  ): Promise<Snapshot | undefined> {
    const record = await this.#get(id, options);
    if (!record) return undefined;
    const { stream, aggregateId } = record.value ?? {};
    const snapshots = snapshotsOf(record);
    if (!snapshots || stream !== this.#stream || aggregateId !== id) {
      throw new Error(`The record "${record.key}" holds no snapshots`);
    }
    const found = snapshots.find((one) => one.version === version);
    if (!found || !this.#sealer) return found;
    const { at, state: sealed } = found;
    const state = await this.#sealer
      .openState(stream, id, at, sealed, options.tx);
    return state === undefined ? undefined : { ...found, state };
  }

  /**
   * Keeps a snapshot unless a newer one is kept. Those of other versions of the
   * fold stay while somebody still keeps them up, as during a deployment.
   *
   * @param every A snapshot that is fewer events ahead of one is not needed.
   * @returns The version of the aggregate that is kept now.
   */
  async write(id: string, snapshot: Snapshot, every: number): Promise<number> {
    const { version, at } = snapshot;
    const state = this.#sealer
      ? await this.#sealer.sealState(this.#stream, id, at, snapshot.state)
      : snapshot.state;
    // Nothing is kept of an aggregate that was forgotten.
    if (state === undefined) return at;
    for (let tries = 0; tries < TRIES; tries++) {
      const record = await this.#get(id);
      const others: Snapshot[] = [];
      for (const one of (record && snapshotsOf(record)) ?? []) {
        if (one.version !== version) others.push(one);
        else if (at - one.at < every) return one.at;
      }
      const kept = others.filter((one) => at - one.at < 2 * every);
      if (await this.#put(id, [{ ...snapshot, state }, ...kept], record)) break;
    }
    return at;
  }

  /** Removes a snapshot that is wrong, and later ones, which may stand on it. */
  async remove(id: string, { version, at }: Snapshot): Promise<void> {
    const record = await this.#get(id);
    const snapshots = (record && snapshotsOf(record)) ?? [];
    const rest = snapshots
      .filter((one) => one.version !== version || one.at < at);
    // Not removed itself: its revision would begin anew, and a writer that had
    // read it before could then replace a newer one.
    if (rest.length < snapshots.length) await this.#put(id, rest, record);
  }

  /** Removes all snapshots of an aggregate. */
  async forget(id: string): Promise<void> {
    await this.#records.remove(SNAPSHOT, keyOf(this.#stream, id));
  }

  async #get(
    id: string,
    { tx }: { tx?: any } = {},
  ): Promise<StoredRecord | undefined> {
    const key = keyOf(this.#stream, id);
    const options = tx === undefined ? {} : { tx };
    return await this.#records.get(SNAPSHOT, key, options);
  }

  async #put(
    id: string,
    snapshots: Snapshot[],
    record: StoredRecord | undefined,
  ): Promise<boolean> {
    const stream = this.#stream;
    const value: SnapshotRecord = { stream, aggregateId: id, snapshots };
    const revision = record?.revision ?? 0;
    const key = keyOf(stream, id);
    return await this.#records.put(SNAPSHOT, key, value, { revision });
  }
}

/** The aggregate that a snapshot holds. */
export function stateOf<A extends Aggregate>(
  { state, at }: Snapshot,
  id: string,
): A & BaseAggregate {
  const aggregate = JSON.parse(state);
  if (aggregate?.version !== at || aggregate.aggregateId !== id) {
    throw new Error("The snapshot is of another aggregate or version");
  }
  return aggregate;
}

function snapshotsOf({ value }: StoredRecord): Snapshot[] | undefined {
  const { snapshots } = (value ?? {}) as Partial<SnapshotRecord>;
  return Array.isArray(snapshots) && snapshots.every(isSnapshot)
    ? snapshots
    : undefined;
}

function isSnapshot(value: any): value is Snapshot {
  return typeof value?.version === "string" && Number.isInteger(value.at) &&
    typeof value.state === "string" && isStoredPosition(value.position);
}

function keyOf(stream: string, id: string): string {
  return recordKey(JSON.stringify([stream, id]));
}
