import { channel } from "node:diagnostics_channel";

/** Appends that were stored by one statement, or one transaction. */
export type AppendGroup = {
  /** The database, as OpenTelemetry's conventions call it: `"postgresql"`. */
  system: string;
  /** How many appends it was of: those that arrived together share one. */
  appends: number;
};

/**
 * The channel of `node:diagnostics_channel` on which each {@linkcode AppendGroup}
 * is told. An append with `tx` is in no group.
 */
export const APPEND_GROUPS = "evtstore:append-group";

const groups = channel(APPEND_GROUPS);

/** Tells of a group, if anybody listens. */
export function tellAppendGroup(system: string, appends: number): void {
  if (groups.hasSubscribers && appends > 0) {
    groups.publish({ system, appends } satisfies AppendGroup);
  }
}
