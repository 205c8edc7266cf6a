import process from "node:process";
import type { DatabaseDefinition } from "./definition.ts";
import { mariadb, mariadbBarrier } from "./mariadb.ts";
import { mongodb } from "./mongodb.ts";
import { mysql8 } from "./mysql.ts";
import { nats, nats211, natsCluster } from "./nats.ts";
import { neo4j, neo4j2025, neo4j35, neo4j44 } from "./neo4j.ts";
import { postgres15, postgres18 } from "./postgres.ts";

/** Every database that the tests can run on. */
export function databases(): DatabaseDefinition[] {
  return [
    postgres18,
    postgres15,
    mariadb,
    mariadbBarrier,
    mongodb,
    neo4j,
    nats,
  ];
}

/** Those that only the long form of the tests runs on, or who names them. */
export function longDatabases(): DatabaseDefinition[] {
  return [
    mysql8,
    neo4j2025,
    neo4j44,
    neo4j35,
    nats211,
    natsCluster,
  ];
}

/** Those of the given names, or all that this run needs. */
export function selectDatabases(
  names: readonly string[] | undefined,
): DatabaseDefinition[] {
  const all = [...databases(), ...longDatabases()];
  if (names === undefined) {
    return process.env["EVTSTORE_LONG"] === "1" ? all : databases();
  }
  const known = all.map((definition) => definition.name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(
      `Unknown database ${unknown.join(", ")}: known are ${known.join(", ")}`,
    );
  }
  return all.filter((definition) => names.includes(definition.name));
}
