import type { DatabaseDefinition } from "./definition.ts";
import { mariadb, mariadbBarrier } from "./mariadb.ts";
import { postgres15, postgres18 } from "./postgres.ts";

/** Every database that the tests can run on. */
export function databases(): DatabaseDefinition[] {
  return [postgres18, postgres15, mariadb, mariadbBarrier];
}

/** Those of the given names, or all. */
export function selectDatabases(
  names: readonly string[] | undefined,
): DatabaseDefinition[] {
  const all = databases();
  if (names === undefined) return all;
  const known = all.map((definition) => definition.name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `Unknown database ${unknown.join(", ")}: known are ${known.join(", ")}`,
    );
  }
  return all.filter((definition) => names.includes(definition.name));
}
