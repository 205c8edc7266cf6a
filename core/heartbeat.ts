import type { Clock } from "./clock.ts";
import type { Records } from "./records.ts";

/** Records of the processes that handle events; the key is the process. */
export const MEMBER = "evtstore.member";

/** How long its own last heartbeat counts: less, so that it stops first. */
const FRESH_MS = 4000;

/** The record of this process, by whose revision the others see that it lives. */
export class Heartbeat {
  #id: string;
  #records: Records;
  #clock: Clock;
  #revision = 0;
  #beat: { monotonic: number; wall: number } | undefined;

  /** A process that has not shown itself yet. */
  constructor(records: Records, clock: Clock) {
    this.#records = records;
    this.#clock = clock;
    this.#id = newId(clock);
  }

  /**
   * The key of this process in the store: another one each time that it joins.
   * An observer must never see one revision of one key twice, or it would take
   * two lives for a standstill.
   */
  get id(): string {
    return this.#id;
  }

  /** Whether the others take this process for alive, for certain. */
  get isFresh(): boolean {
    return this.age() < FRESH_MS;
  }

  /** The greater of both: a monotonic clock can stand while a machine sleeps. */
  age(): number {
    const beat = this.#beat;
    if (!beat) return Infinity;
    return Math.max(
      this.#clock.monotonic() - beat.monotonic,
      this.#clock.now() - beat.wall,
    );
  }

  /**
   * Raises the revision.
   *
   * @param value What the others are to know.
   * @param suspend Called if they may have taken this process for dead.
   * @returns Whether it was raised.
   */
  async show(value: unknown, suspend: () => void): Promise<boolean> {
    const beat = {
      monotonic: this.#clock.monotonic(),
      wall: this.#clock.now(),
    };
    const put = () =>
      this.#records.put(MEMBER, this.#id, value, { revision: this.#revision });
    if (!await put()) {
      // An answer was lost, or this process was taken for dead and forgotten.
      const current = await this.#records.get(MEMBER, this.#id);
      if (current) this.#revision = current.revision;
      else {
        this.#beginAnew();
        suspend();
      }
      if (!await put()) return false;
    }
    this.#revision++;
    // Others may have taken over meanwhile.
    if (!this.isFresh) suspend();
    this.#beat = beat;
    return true;
  }

  /** Removes the record; what comes then is another life. */
  async end(): Promise<void> {
    const id = this.#id;
    this.#beginAnew();
    this.#beat = undefined;
    try {
      await this.#records.remove(MEMBER, id);
    } catch {
      // Whoever is left removes it, as that of a dead one.
    }
  }

  #beginAnew(): void {
    this.#id = newId(this.#clock);
    this.#revision = 0;
  }
}

function newId(clock: Clock): string {
  const digits = () =>
    Math.floor(clock.random() * 2 ** 32).toString(16).padStart(8, "0");
  return digits() + digits() + digits() + digits();
}
