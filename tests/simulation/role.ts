import type { StoreEvent } from "../../core/event.ts";
import type { DomainHandlerOpts } from "../../core/handler_options.ts";

/** A handler that several processes run, each for the same bookmark. */
export type Role = {
  readonly bookmark: string;
  /** The name that it shares with other versions of it, if there are any. */
  readonly name?: string;
  /** From when on it is deployed, in milliseconds; 0 if ever. */
  deployed?: number;
  readonly streams: string[];
  /** The types of events that it has a callback for. */
  readonly types: string[];
  readonly options: DomainHandlerOpts;
  /** The most events that it handles in one call, if it handles batches. */
  readonly batch?: number;
  /** How long a callback works, in milliseconds: each magnitude as likely. */
  work: [low: number, high: number];
  /** How often a callback throws. */
  failures: number;
};

/** Whether an event is one that the role has a callback for. */
export function concerns(role: Role, event: StoreEvent<any>): boolean {
  return role.streams.includes(event.stream) &&
    role.types.includes(event.event.type);
}

export function aggregateOf(event: StoreEvent<any>): string {
  return `${event.stream}/${event.aggregateId}`;
}
