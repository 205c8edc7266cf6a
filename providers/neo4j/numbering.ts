import { StoreError } from "../../core/errors.ts";
import type { Neo4jTransaction } from "./client.ts";
import type { Labels } from "./labels.ts";
import { toKey } from "./rows.ts";
import { holderOf, type Neo4jStore, type Row } from "./store.ts";
import { toInteger, toNumber } from "./values.ts";

/** How many nodes one transaction numbers. */
const PAGE = 2000;

/**
 * Gives the nodes of evtstore 12 a position and a key, in the order of the
 * time that was their position, then of their version. They keep what they
 * had. A second time it takes those that an old writer has stored since, and
 * puts them behind the others.
 *
 * @throws {StoreError} `VERSIONS_COLLIDE` if two events have the same version.
 */
export async function numberOldEvents(
  store: Neo4jStore,
  labels: Labels,
): Promise<void> {
  let from: string | undefined;
  for (;;) {
    // Two processes may migrate at once: 3.5 refuses a commit during which
    // the other has made a constraint.
    const page = await store.transactAgain((tx) =>
      numberPage(store, labels, tx, from)
    );
    if (page.length < PAGE) return;
    from = page.at(-1)!["time"];
  }
}

async function numberPage(
  store: Neo4jStore,
  { events, counter }: Labels,
  tx: Neo4jTransaction,
  from: string | undefined,
): Promise<Row[]> {
  const ask = { what: "migrate", tx };
  const [found] = await store.run(
    ask,
    `MATCH (c:${counter} {name: 'events'})
SET c._lock = $holder
WITH c, c.position AS base
MATCH (e:${events}) WHERE e._position IS NULL AND e.position >= datetime($from)
WITH c, base, e ORDER BY e.position, e.version, e.stream, e.aggregateId
LIMIT $limit
WITH c, base, collect(e) AS page
SET c.position = base + size(page), c.before = base + size(page),
  c._holder = $holder
FOREACH (i IN range(0, size(page) - 1) |
  FOREACH (e IN [page[i]] | SET e._position = base + i + 1))
RETURN base, [e IN page | {stream: e.stream, aggregateId: e.aggregateId,
  version: e.version, time: toString(e.position)}] AS page`,
    {
      holder: holderOf(tx),
      limit: toInteger(PAGE),
      // Before every time that can be one.
      from: from ?? "-9999-01-01T00:00:00Z",
    },
  );
  const page: Row[] = found?.["page"] ?? [];
  const base = toNumber(found?.["base"] ?? 0);
  const keys = page.map(({ stream, aggregateId, version }, index) => ({
    position: toInteger(base + index + 1),
    key: toKey(stream, aggregateId, toNumber(version)),
  }));
  if (keys.length === 0) return page;
  await refuseCollisions(store, events, tx, keys.map(({ key }) => key));
  await store.run(
    ask,
    `UNWIND $keys AS one
MATCH (e:${events}) WHERE e._position = one.position
SET e._key = one.key`,
    { keys },
  );
  return page;
}

/** The same version twice: which of them is right, only their owner can say. */
async function refuseCollisions(
  store: Neo4jStore,
  events: string,
  tx: Neo4jTransaction,
  keys: string[],
): Promise<void> {
  const stored = await store.run(
    { what: "migrate", tx },
    `MATCH (e:${events}) WHERE e._key IN $keys RETURN e._key AS key`,
    { keys },
  );
  const seen = new Set<string>(stored.map(({ key }) => key));
  const collisions = keys.filter((key) => {
    if (seen.has(key)) return true;
    seen.add(key);
    return false;
  });
  if (collisions.length === 0) return;
  const [stream, aggregateId, version] = JSON.parse(collisions[0]!);
  throw new StoreError(
    "VERSIONS_COLLIDE",
    `Cannot migrate: ${collisions.length} events have the version of another one, such as version ${version} of "${aggregateId}" in stream "${stream}"; give all but one of them another version or label, and run migrate() again`,
    { stream, aggregateId },
  );
}
