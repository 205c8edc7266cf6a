import { StoreError } from "../../core/errors.ts";
import type { Neo4jDriver } from "./client.ts";
import type { Dialect } from "./dialect.ts";

import { type LabelOptions, type Labels, toLabels } from "./labels.ts";
import { numberOldEvents } from "./numbering.ts";
import { separateBookmarks, translateBookmarks } from "./old_bookmarks.ts";
import {
  type Missing,
  missingConstraints,
  missingIndexes,
  readServerVersion,
  waitForIndexes,
} from "./schema.ts";
import { Neo4jStore, type Row } from "./store.ts";
import { toNumber } from "./values.ts";

/** An index on many nodes takes its time. */
const ASK = { what: "migrate", canRepeat: true, timeout: 3_600_000 };

/** Options of `migrate`. */
export type MigrateOptions = LabelOptions & {
  /** The driver, or the promise of one. */
  client: Neo4jDriver | Promise<Neo4jDriver>;
  /** The database; the server's default unless given. */
  database?: string;
  /** Return the statements, and run none. @default {false} */
  print?: boolean;
};

/** Makes what a provider needs, or says how. */
export async function runMigration(
  options: MigrateOptions,
  dialect: Dialect,
): Promise<string[] | void> {
  const labels = toLabels(options);
  const store = new Neo4jStore(options.client, options.database);
  await readServerVersion(store, dialect, "migrate");
  if (options.print) return await print(store, dialect, labels);

  await separateBookmarks(store, labels);
  const constraints = await missingConstraints(
    store,
    dialect,
    labels,
    "migrate",
  );
  await make(
    store,
    constraints,
    async () => await missingConstraints(store, dialect, labels, "migrate"),
  );
  const indexes = await missingIndexes(store, dialect, labels);
  await make(store, indexes, () => missingIndexes(store, dialect, labels));
  await waitForIndexes(store, dialect, labels);

  await store.run(ASK, createCounter(labels, false));
  const counter = await readCounter(store, labels);
  if (!counter.isMigrated || counter.total !== counter.expected) {
    await numberOldEvents(store, labels);
    await refuseStrangers(store, labels, options.events);
  }
  await translateBookmarks(store, labels);
  await store.run(
    ASK,
    `MATCH (c:${labels.counter} {name: 'events'})
SET c._lock = 'migrate'
WITH c WHERE c.migrated <> true
SET c.migrated = true, c.legacy = c.position`,
  );
}

// What has neither our position nor evtstore 12's would look like an old
// writer at work for ever.
async function refuseStrangers(
  store: Neo4jStore,
  labels: Labels,
  events: string,
): Promise<void> {
  const { total, expected } = await readCounter(store, labels);
  if (total <= expected) return;
  throw new StoreError(
    "STORE_FAILED",
    `Cannot migrate: ${
      total - expected
    } nodes with the label "${events}" are no events of evtstore; give the provider a label of its own`,
  );
}

// One by one: two at a time are in each other's way.
async function make(
  store: Neo4jStore,
  missing: Missing[],
  look: () => Promise<Missing[]>,
): Promise<void> {
  for (const { statement } of missing) {
    try {
      await store.run(ASK, statement);
    } catch (error) {
      // Another process has made it meanwhile.
      const left = await look();
      if (left.some((one) => one.statement === statement)) throw error;
    }
  }
}

async function print(
  store: Neo4jStore,
  dialect: Dialect,
  labels: Labels,
): Promise<string[]> {
  const missing = [
    ...await missingConstraints(store, dialect, labels, "migrate"),
    ...await missingIndexes(store, dialect, labels),
  ].map(({ statement }) => statement);
  const { total, expected, isMigrated } = await readCounter(store, labels);
  if (total > expected) {
    return [
      ...missing,
      `// ${
        total - expected
      } events of evtstore 12 need a number, and their bookmarks too: migrate() gives it to them`,
    ];
  }
  return isMigrated ? missing : [...missing, createCounter(labels, true)];
}

function createCounter({ counter }: Labels, isMigrated: boolean): string {
  return `MERGE (c:${counter} {name: 'events'})
ON CREATE SET c.position = 0, c.before = 0, c.migrated = ${isMigrated}${
    isMigrated ? ", c.legacy = 0" : ""
  }`;
}

async function readCounter(
  store: Neo4jStore,
  { events, counter }: Labels,
): Promise<{ total: number; expected: number; isMigrated: boolean }> {
  const [row]: Row[] = await store.run(
    ASK,
    `MATCH (e:${events}) WITH count(e) AS total
OPTIONAL MATCH (c:${counter} {name: 'events'})
RETURN total, c.position AS position, c.migrated AS migrated`,
  );
  const [first]: Row[] = await store.run(
    ASK,
    `MATCH (e:${events}) WHERE e._position > 0
RETURN e._position AS first ORDER BY e._position LIMIT 1`,
  );
  const position = toNumber(row?.["position"] ?? 0);
  return {
    total: toNumber(row?.["total"] ?? 0),
    expected: first ? position - toNumber(first["first"]) + 1 : 0,
    isMigrated: row?.["migrated"] === true,
  };
}
