import type { StoreEvent } from "../../core/event.ts";
import type { Machine } from "./machine.ts";
import type { Role } from "./role.ts";
import type { Run } from "./run.ts";

/** What is known of a bookmark from outside. */
export type Book = {
  readonly role: Role;
  /** The events that it must handle, by aggregate and in all. */
  readonly events: StoreEvent<any>[];
  readonly byAggregate: Map<string, StoreEvent<any>[]>;
  /** How often each event was handled to its end, by position. */
  readonly handled: Map<number, number>;
  /** The events that a handler reported as passed over. */
  readonly passedOver: Set<number>;
  /** How many of `events` stand before the stored place. */
  passed: number;
  stored: number;
  owner: string | undefined;
  /** Where the bookmark stood when the owner became it. */
  takenAt: number;
  readonly runs: Map<Machine, Run>;
  /** The events that each has begun and not ended, with their aggregates. */
  readonly inHand: Map<Machine, Map<number, string>>;
  readonly runningOnce: Map<Machine, number>;
  /** The events that it did for the first time that anybody did. */
  readonly live: Set<number>;
  /** Where it stood when its bookmark was moved out of its reach. */
  closedAt: number | undefined;
  /** Whether it is being moved there, by who does not know yet whether it was. */
  closing: boolean;
  /** Whether it has taken over from another version. */
  wasLive: boolean;
  /** Whether a later version has taken over. */
  retired: boolean;
};

/** The book of a bookmark that nobody has used yet. */
export function createBook(role: Role): Book {
  return {
    role,
    events: [],
    byAggregate: new Map(),
    handled: new Map(),
    passedOver: new Set(),
    passed: 0,
    stored: 0,
    owner: undefined,
    takenAt: 0,
    runs: new Map(),
    inHand: new Map(),
    runningOnce: new Map(),
    live: new Set(),
    closedAt: undefined,
    closing: false,
    wasLive: false,
    retired: false,
  };
}

/** Whether an event is handled, or passed over as it was asked for. */
export function isDone(
  { handled, passedOver }: Book,
  event: StoreEvent<any>,
): boolean {
  return handled.has(event.position) || passedOver.has(event.position);
}

/** The member that the record of an owner names. */
export function ownerIn(record: unknown): string | undefined {
  const { value } = (record ?? {}) as { value?: string };
  return value === undefined ? undefined : JSON.parse(value).member;
}
