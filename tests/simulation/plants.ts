import { HandlerCursor } from "../../core/handler_cursor.ts";
import { HandlerVersion } from "../../core/handler_version.ts";
import { Lease } from "../../core/lease.ts";
import { ObservedMembers } from "../../core/observed_members.ts";
import type { Plant } from "./plant.ts";
import { faultless } from "./scenario.ts";

/** Replaces a method of a class by another, which is given the first. */
function method<T extends object, K extends keyof T & string>(
  type: { prototype: T },
  name: K,
  replace: (self: T, original: T[K]) => T[K],
): () => () => void {
  return () => {
    const own = Object.getOwnPropertyDescriptor(type.prototype, name)!;
    Object.defineProperty(type.prototype, name, {
      ...own,
      value(this: T, ...values: unknown[]) {
        const original = own.value.bind(this);
        return (replace(this, original) as any)(...values);
      },
    });
    return () => Object.defineProperty(type.prototype, name, own);
  };
}

/** Faults by what they are, and how the simulation puts it that it found one. */
export const plants: Record<string, { plant: Plant; found: RegExp }> = {
  "a bookmark is stored without compare and set": {
    plant: { bookmarksWithoutComparing: true, faults: { pauses: 3000 } },
    found: /moves back from \d+ to \d+/,
  },
  "the cursor moves before the callback has ended": {
    plant: {
      callback: (handle) => async (...event) => {
        handle(...event).catch(() => {});
      },
      faults: { kills: 5000 },
    },
    found: /skips \d+ on its way to|in hand|beside 1 others/,
  },
  "the cursor passes an event whose callback failed": {
    plant: {
      callback: (handle) => async (...event) => {
        try {
          await handle(...event);
        } catch {
          // What the application threw is lost.
        }
      },
      faults: { callbackFailures: 0.05 },
    },
    found: /skips \d+ on its way to/,
  },
  "a bookmark is stored outside the transaction": {
    plant: {
      client: ({ setPosition, ...client }) => ({
        ...client,
        setPosition: (bookmark, position, { tx: _, ...options } = {}) =>
          setPosition(bookmark, position, options),
      }),
    },
    found: /skips \d+ on its way to/,
  },
  "the events of a page come in another order": {
    plant: {
      client: ({ getEventsFrom, ...client }) => ({
        ...client,
        getEventsFrom: async (...place) =>
          (await getEventsFrom(...place))
            .sort((left, right) => right.version - left.version),
      }),
    },
    found: /comes instead of \d+/,
  },
  "a bookmark is taken by the wall clock": {
    plant: {
      clock: (clock) => ({ ...clock, monotonic: () => clock.now() }),
      faults: { clockChanges: 3000 },
    },
    found: /begins \d+ of model \d, which p\d\.\d+ owns/,
  },
  "a bookmark is taken without comparing revisions": {
    plant: {
      recordsWithoutComparing: true,
      faults: { kills: 5000, pauses: 5000 },
    },
    found: /begins \d+ of model \d, which p\d\.\d+ owns/,
  },
  "no heartbeat is looked at before an event": {
    plant: {
      replace: method(Lease, "held", (lease) => () => lease.owned),
      faults: { pauses: 3000 },
    },
    found: /begins \d+ of model \d, which p\d\.\d+ owns/,
  },
  "a process is taken for dead too soon": {
    plant: {
      replace: method(
        ObservedMembers,
        "alive",
        (_, alive) => (sentAt) => alive(sentAt + 3500),
      ),
    },
    found: /begins \d+ of model \d, which p\d\.\d+ owns/,
  },
  "an owner that comes back believes what it reads": {
    plant: {
      replace: method(Lease, "suspend", () => () => {}),
      faults: { pauses: 3000 },
    },
    found: /begins \d+ of model \d, which (p\d\.\d+|nobody) owns/,
  },
  "a bookmark is not read again at a take-over": {
    plant: {
      replace: method(HandlerCursor, "takeOver", () => () => {}),
      faults: { pauses: 3000 },
    },
    found: /which was done before it took over/,
  },
  "a bookmark is not given back at a stop": {
    plant: {
      replace: method(Lease, "release", () => () => Promise.resolve()),
    },
    found: /after p\d left|after stop\(\)/,
  },
  "a version replays what the one before has not handled": {
    plant: {
      replace: method(
        HandlerVersion,
        "countHandled",
        () => ({ events }) => Promise.resolve(events.length),
      ),
    },
    found: /again, which nobody has handled/,
  },
  "a version is not told that it is retired": {
    plant: {
      client: ({ records, ...client }) => ({
        ...client,
        records: {
          ...records!,
          list: async (...of) =>
            (await records!.list(...of))
              .filter(({ key }) => !key.endsWith("-live")),
        },
      }),
      faults: { kills: 5000 },
    },
    found: /though it was closed|is live twice/,
  },
  "a version takes over before the one before has given way": {
    plant: {
      replace: method(
        Lease,
        "held",
        (lease, held) => () => lease.first || held(),
      ),
      faults: faultless,
    },
    found: /live twice without any fault/,
  },
  "nobody is ever taken for dead": {
    plant: {
      replace: method(
        ObservedMembers,
        "alive",
        (_, alive) => () => alive(-Infinity),
      ),
      faults: { kills: 5000 },
    },
    found: /nobody took over within/,
  },
};
