import { StoreError } from "./errors.ts";
import type { ProviderOrPromise } from "./provider.ts";
import { toValueKey, type ValueKey } from "./sealed_value.ts";
import {
  createRecordKeys,
  type SubjectKey,
  type SubjectKeys,
} from "./subject_keys.ts";

/** What a subject's fields are encrypted with; null if no key was ever made. */
export type HeldKey = ValueKey | "forgotten" | null;

/** The most keys that are held in memory, of each key store. */
const MOST_HELD = 10_000;

/** How many keys are asked for at once. */
const AT_ONCE = 16;

/**
 * The keys of a key store, as far as this process holds them. Before held ones
 * are used, the store is asked whether anybody was forgotten since, by any
 * process; if so, none of them is held any more.
 */
export class KeyRing {
  readonly #store: SubjectKeys;
  // A new one with every change: who began before it fills the old one.
  #held: Map<string, HeldKey> = new Map();
  #changes: string | number | undefined;

  /** @param store Where the keys are kept. */
  constructor(store: SubjectKeys) {
    this.#store = store;
  }

  /**
   * The keys of some subjects.
   *
   * @param subjects Whose.
   * @param used Those of which something is encrypted: they must have a key, so
   * that there was none before says nothing.
   */
  async find(
    subjects: Iterable<string>,
    used: ReadonlySet<string>,
    tx?: unknown,
  ): Promise<Map<string, HeldKey>> {
    const held = await this.#now(tx);
    const found = new Map<string, HeldKey>();
    const missing: string[] = [];
    for (const subject of new Set(subjects)) {
      const key = held.get(subject);
      if (key === undefined || (key === null && used.has(subject))) {
        missing.push(subject);
      } else found.set(subject, key);
    }
    // One statement at a time is all that a transaction has.
    const atOnce = tx === undefined ? AT_ONCE : 1;
    for (let next = 0; next < missing.length; next += atOnce) {
      const some = missing.slice(next, next + atOnce);
      await Promise.all(some.map(async (subject) => {
        const key = await toHeld(await this.#store.get(subject, options(tx)));
        found.set(subject, hold(held, subject, key));
      }));
    }
    return found;
  }

  /** The key of a subject, which is made if none ever was. */
  async make(subject: string, tx?: unknown): Promise<ValueKey | "forgotten"> {
    const held = await this.#now(tx);
    const known = held.get(subject);
    if (known) return known;
    const made = await this.#store.make(subject, options(tx));
    const key = await toHeld(made) as ValueKey | "forgotten";
    hold(held, subject, key);
    return key;
  }

  /** Destroys the key of a subject. */
  async forget(subject: string): Promise<void> {
    this.#changes = undefined;
    this.#held = new Map();
    await this.#store.forget(subject);
  }

  /** Forgetting a subject is finished. */
  finished(subject: string): Promise<void> {
    return this.#store.finished(subject);
  }

  /** Some of the subjects of which that was not said yet. */
  unfinished(): Promise<string[]> {
    return this.#store.unfinished();
  }

  /** What may be used now; what a transaction sees is held by nobody else. */
  async #now(tx: unknown): Promise<Map<string, HeldKey>> {
    if (tx !== undefined) return new Map();
    const changes = await this.#store.changes();
    if (changes !== this.#changes) {
      this.#changes = changes;
      this.#held = new Map();
    }
    return this.#held;
  }
}

/** Keeps a key, and drops the one that was kept first. */
function hold(
  held: Map<string, HeldKey>,
  subject: string,
  key: HeldKey,
): HeldKey {
  held.set(subject, key);
  if (held.size > MOST_HELD) {
    const [first] = held.keys();
    held.delete(first!);
  }
  return key;
}

async function toHeld(key: SubjectKey | undefined): Promise<HeldKey> {
  if (key === undefined) return null;
  if (key === "forgotten") return key;
  return await toValueKey(key);
}

function options(tx: unknown): { tx?: unknown } {
  return tx === undefined ? {} : { tx };
}

// One for each key store of this process, so that all of it forgets at once.
const rings = new WeakMap<object, KeyRing>();

/**
 * The keys that a domain uses.
 *
 * @param keys Where they are kept; in the provider's records unless given.
 * @throws {StoreError} `NOT_SUPPORTED` for a provider without records.
 */
export async function keyRingOf(
  provider: ProviderOrPromise<any>,
  keys: SubjectKeys | undefined,
): Promise<KeyRing> {
  if (keys) return ringOf(keys, () => keys);
  const { records, driver } = await provider;
  if (!records) {
    throw new StoreError(
      "NOT_SUPPORTED",
      `Cannot keep the keys of personal fields: the ${driver} provider has no records; give the domain "keys" that are kept elsewhere`,
      { field: "keys" },
    );
  }
  return ringOf(records, () => createRecordKeys(records));
}

function ringOf(where: object, open: () => SubjectKeys): KeyRing {
  let ring = rings.get(where);
  if (!ring) rings.set(where, ring = new KeyRing(open()));
  return ring;
}
