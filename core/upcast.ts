import { StoreError } from "./errors.ts";
import type { Event, EventMeta, Ext } from "./event.ts";

/**
 * What one stored event is today.
 *
 * @param event The event as it was stored; a copy.
 * @param meta Where and when it was stored.
 * @returns The event of today, several of them, or none for `[]`.
 */
export type Upcaster<Old extends Event = any, New extends Event = Event> = (
  event: Old,
  meta: EventMeta,
) => New | readonly New[];

/** The shapes of `Stored` that are no events of today. */
export type OldEvents<Stored extends Event, Today extends Event> =
  Stored extends Today ? never : Stored;

/**
 * What the upcaster of type `T` may return: events of today, and stored ones of
 * other types, whose own upcaster comes next.
 */
export type UpcastedEvents<
  Stored extends Event,
  Today extends Event,
  T extends string,
> = Today | Exclude<Stored, { type: T }>;

/**
 * An upcaster for each type of event that has an old shape. One more may be
 * given for any other type, as where a number has come to mean something else.
 */
export type UpcastSteps<Stored extends Event, Today extends Event> =
  & {
    [T in OldEvents<Stored, Today>["type"]]: Upcaster<
      Ext<Stored | Today, T>,
      UpcastedEvents<Stored, Today, T>
    >;
  }
  & {
    [T in Exclude<Today["type"], OldEvents<Stored, Today>["type"]>]?: Upcaster<
      Ext<Stored | Today, T>,
      UpcastedEvents<Stored, Today, T>
    >;
  };

/** How stored events become those of today: see {@linkcode createUpcasters}. */
export type Upcasters<
  Stored extends Event = any,
  Today extends Event = any,
> = {
  /** The upcaster of each type that has one. */
  readonly steps: { readonly [type: string]: Upcaster };
  /** For the compiler only: never there. */
  readonly types?: { readonly stored: Stored; readonly today: Today };
};

/** The events of `Old`; none where an aggregate has no upcasters. */
export type KnownEvents<Old extends Event> = 0 extends 1 & Old ? never : Old;

/**
 * Declares what the events that are stored already have become. Given to
 * `createAggregate` as `upcast`, it applies wherever an event is read: in the
 * fold, in handlers and what they have parked, and in `readEvents`. The log is
 * never changed.
 *
 * `Stored` is every shape that was ever stored, `Today` what the fold takes.
 * Each type that has a shape which is not of today needs an upcaster; it gets
 * all shapes of its type, also that of today, and tells them apart by what they
 * have. What it returns of another type goes on to the upcaster of that type:
 * so upcasters form a chain. None is applied twice on the way of an event.
 *
 * @example
 * ```ts
 * import { createAggregate, createUpcasters } from "evtstore";
 *
 * type UserEvent =
 *   | { type: "Registered"; firstName: string; lastName: string }
 *   | { type: "Verified" };
 * type StoredEvent =
 *   | UserEvent
 *   | { type: "Registered"; name: string }
 *   | { type: "SignedUp"; name: string; verified: boolean };
 *
 * const upcast = createUpcasters<StoredEvent, UserEvent>({
 *   Registered(event) {
 *     if (!("name" in event)) return event;
 *     const [firstName = "", lastName = ""] = event.name.split(" ");
 *     return { type: "Registered", firstName, lastName };
 *   },
 *   SignedUp: ({ name, verified }) => [
 *     { type: "Registered", name },
 *     ...(verified ? [{ type: "Verified" } as const] : []),
 *   ],
 * });
 *
 * const user = createAggregate({
 *   stream: "users",
 *   create: () => ({ name: "", verified: false }),
 *   fold: (event: UserEvent) =>
 *     event.type === "Registered"
 *       ? { name: `${event.firstName} ${event.lastName}` }
 *       : { verified: true },
 *   upcast,
 * });
 * ```
 *
 * @param steps The upcasters, by the `type` that is stored. They depend on
 * nothing but their parameters, are synchronous, and do not change them.
 * @returns The declaration, for {@linkcode createAggregate}.
 * @throws {StoreError} `INVALID_INPUT` for an upcaster that is not a function.
 */
export function createUpcasters<Stored extends Event, Today extends Event>(
  steps: UpcastSteps<Stored, Today>,
): Upcasters<Stored, Today> {
  const all: { [type: string]: Upcaster } = { ...steps };
  for (const [type, step] of Object.entries(all)) {
    if (typeof step === "function") continue;
    throw new StoreError(
      "INVALID_INPUT",
      `Expected the upcaster of "${type}" to be a function: got ${typeof step}`,
      { field: `upcast.${type}` },
    );
  }
  return Object.freeze({ steps: Object.freeze(all) });
}
