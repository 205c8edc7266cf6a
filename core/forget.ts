import type { AggregateSnapshots } from "./aggregate.ts";
import { type KeyRing, keyRingOf } from "./key_ring.ts";
import type { StoreOptions } from "./provided_aggregate.ts";
import { checkName } from "./validation.ts";

/** How a domain forgets. */
export type Erasure = {
  /**
   * Destroys the key of a subject, for ever: its personal fields are
   * unreadable, for every process, and read as their placeholders. Then
   * snapshots are removed, and `onForget` is called and awaited. It is harmless
   * to repeat, and then does all of it again.
   *
   * @param subject Whose data to forget: the id of an aggregate, unless
   * `personal.subject` says otherwise.
   */
  forget(subject: string): Promise<void>;
  /**
   * Finishes what a crash, or an `onForget` that threw, has left of earlier
   * calls of `forget`: call it at the start of the application.
   *
   * @returns How many subjects that were.
   */
  finishForgetting(): Promise<number>;
};

/** Makes the part of a domain that forgets. */
export function createErasure(
  opts: StoreOptions<any>,
  snapshots: readonly AggregateSnapshots<any, any>[],
): Erasure {
  const forgetIn = async (ring: KeyRing, subject: string) => {
    await ring.forget(subject);
    for (const one of snapshots) await one.forget(subject);
    await opts.onForget?.(subject);
    await ring.finished(subject);
  };
  const open = () => keyRingOf(opts.provider, opts.keys);
  return {
    async forget(subject) {
      checkName("subject", subject);
      await forgetIn(await open(), subject);
    },
    async finishForgetting() {
      const ring = await open();
      let count = 0;
      while (true) {
        const subjects = await ring.unfinished();
        if (subjects.length === 0) return count;
        for (const subject of subjects) await forgetIn(ring, subject);
        count += subjects.length;
      }
    },
  };
}
