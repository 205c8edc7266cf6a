import type { Labels } from "./labels.ts";

/** How rows of several streams are asked for, each by a seek in an index. */
export type Search = {
  /** The properties of the index, "stream" first. */
  index: readonly string[];
  /** What else must hold of `e`; every property of the index must occur. */
  where: string;
  /** The properties that sort one stream, as the index has them. */
  order: readonly string[];
  /** What sorts the rows of all streams. */
  merge: string;
  direction: "ASC" | "DESC";
};

/** What one generation of servers writes differently from another. */
export type Dialect = {
  /** The provider's short name. */
  driver: string;
  /** The lowest and the highest major version of the server. */
  servers: readonly [number, number];
  /** What to use for another server. */
  otherwise: string;
  /** Makes a property unique among the nodes of a label. */
  createConstraint(label: string, property: string): string;
  /** Makes an index; like the constraint, a second time it does nothing. */
  createIndex(label: string, properties: readonly string[]): string;
  /** Writes a parameter so that the planner takes it for a whole number. */
  integer(parameter: string): string;
  /** The indexes that events need, by their properties. */
  eventIndexes: readonly (readonly string[])[];
  /** The indexes that records need. */
  recordIndexes: readonly (readonly string[])[];
  /**
   * Gives `events`, the values of those of `$streams`, at most `$limit`: in one
   * list, which takes the driver much less time than a row for each.
   */
  search(labels: Labels, search: Search, version: ServerVersion): string;
  /**
   * Gives `events`, the values of those of one aggregate after the version
   * `since`, without the names, at most `$limit`, beside `before` and `since`;
   * where there are none, perhaps no row.
   *
   * @param start What sets `since` and `before`.
   * @param where What else must hold of `e`.
   */
  aggregate(
    labels: Labels,
    start: string,
    where: string,
    version: ServerVersion,
  ): string;
  /** Gives `stream`, the first one or all of those behind `$after`. */
  streams(labels: Labels): string;
  /** Gives `labels` and `properties` of each constraint. */
  showConstraints: string;
  /** Gives `labels`, `properties` and `state` of each index. */
  showIndexes: string;
};

/** The version of a server. */
export type ServerVersion = { major: number; minor: number };

/** Whether a server is of this version or a later one. */
export function isAtLeast(
  { major, minor }: ServerVersion,
  leastMajor: number,
  leastMinor: number,
): boolean {
  return major > leastMajor || major === leastMajor && minor >= leastMinor;
}
