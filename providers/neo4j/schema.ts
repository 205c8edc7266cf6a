import { type Clock, systemClock } from "../../core/clock.ts";
import { StoreError } from "../../core/errors.ts";
import type { Dialect, ServerVersion } from "./dialect.ts";
import type { Labels } from "./labels.ts";
import type { Neo4jStore, Row } from "./store.ts";

const VERSION =
  "CALL dbms.components() YIELD name, versions RETURN name, versions[0] AS version";

/** How long the indexes of a large log may take. */
const MOST_MS = 3_600_000;

/** What the database lacks, and how to make it. */
export type Missing = { label: string; property: string; statement: string };

/**
 * Asks the server for its version.
 *
 * @throws {StoreError} `NOT_SUPPORTED` for one that another provider is for.
 */
export async function readServerVersion(
  store: Neo4jStore,
  dialect: Dialect,
  what: string,
): Promise<ServerVersion> {
  const rows = await store.run({ what, canRepeat: true }, VERSION);
  const kernel = rows.find(({ name }) => name === "Neo4j Kernel") ?? rows[0];
  const text = String(kernel?.["version"]);
  const [major = 0, minor = 0] = text.split(".").map((part) => parseInt(part));
  const [least, most] = dialect.servers;
  if (major >= least && major <= most) return { major, minor };
  throw new StoreError(
    "NOT_SUPPORTED",
    `Cannot run ${what}: the provider "${dialect.driver}" is not for Neo4j ${text}; use ${dialect.otherwise}`,
  );
}

/** Of the constraints that the provider relies on, those that are missing. */
export async function missingConstraints(
  store: Neo4jStore,
  dialect: Dialect,
  labels: Labels,
  what: string,
): Promise<Missing[]> {
  const ask = { what, canRepeat: true };
  const rows = await store.run(ask, dialect.showConstraints);
  const needed: [string, string][] = [
    [labels.counter, "name"],
    [labels.events, "_key"],
    [labels.events, "_position"],
    [labels.events, "_command"],
    [labels.bookmarks, "bookmark"],
    [labels.records, "_key"],
  ];
  return needed
    .filter(([label, property]) =>
      !rows.some((row) => has(row, label, [property]))
    )
    .map(([label, property]) => ({
      label,
      property,
      statement: dialect.createConstraint(label, property),
    }));
}

/** The indexes that are missing. */
export async function missingIndexes(
  store: Neo4jStore,
  dialect: Dialect,
  labels: Labels,
): Promise<Missing[]> {
  const ask = { what: "migrate", canRepeat: true };
  const rows = await store.run(ask, dialect.showIndexes);
  const needed: [string, readonly string[]][] = [
    ...dialect.eventIndexes.map((properties) =>
      [labels.events, properties] as [string, readonly string[]]
    ),
    // What evtstore 12 stored, in its order; new events are not in it.
    [labels.events, ["position"]],
    ...dialect.recordIndexes.map((properties) =>
      [labels.records, properties] as [string, readonly string[]]
    ),
  ];
  return needed
    .filter(([label, properties]) =>
      !rows.some((row) => has(row, label, properties))
    )
    .map(([label, properties]) => ({
      label,
      property: properties.join(", "),
      statement: dialect.createIndex(label, properties),
    }));
}

/**
 * Waits until the constraints and indexes of these labels are filled. Not by
 * `db.awaitIndexes`: that waits for those of everybody, in a transaction that
 * keeps them from being made.
 *
 * @throws {StoreError} `STORE_FAILED` if one cannot be filled, or it takes more
 * than an hour.
 */
export async function waitForIndexes(
  store: Neo4jStore,
  dialect: Dialect,
  labels: Labels,
  clock: Clock = systemClock,
): Promise<void> {
  const { events, bookmarks, records, counter } = labels;
  const own = [events, bookmarks, records, counter].map(toName);
  const isOwn = (row: Row) =>
    row["labels"]?.some((label: string) => own.includes(label)) === true;
  const start = clock.monotonic();
  for (let pause = 10;; pause = Math.min(pause * 2, 1000)) {
    const ask = { what: "migrate", canRepeat: true };
    const rows = (await store.run(ask, dialect.showIndexes)).filter(isOwn);
    const failed = rows.find(({ state }) => state === "FAILED");
    if (failed) throw notFilled(failed, "the server could not fill it");
    const waiting = rows.find(({ state }) => state !== "ONLINE");
    if (!waiting) return;
    if (clock.monotonic() - start > MOST_MS) {
      throw notFilled(waiting, "it was not filled within an hour");
    }
    await clock.sleep(pause);
  }
}

function notFilled({ labels, properties }: Row, reason: string): StoreError {
  return new StoreError(
    "STORE_FAILED",
    `Cannot migrate: the index of ${labels} on ${properties} cannot be used: ${reason}; see the server's log, drop it, and migrate again`,
  );
}

function toName(quoted: string): string {
  return quoted.slice(1, -1).replaceAll("``", "`");
}

function has(row: Row, label: string, properties: readonly string[]): boolean {
  return row["labels"]?.includes(toName(label)) === true &&
    JSON.stringify(row["properties"]) === JSON.stringify(properties);
}
