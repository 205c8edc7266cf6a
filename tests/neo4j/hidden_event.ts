import { type Neo4jDatabase, sleep } from "../providers/support/neo4j.ts";

/**
 * Makes an event as invisible in one index as it is there while its commit is
 * being applied. Until it appears, the counter is locked as it is then.
 *
 * @param property What the index has and the event loses meanwhile.
 */
export async function hideEvent(
  { client, labels: { events }, query }: Neo4jDatabase,
  id: string,
  version: number,
  property: "stream" | "_position",
): Promise<{ appear: (after: number) => Promise<void> }> {
  await query(
    `MATCH (e:${events}) WHERE e.aggregateId = $id AND e.version = $version
SET e.hidden = e.${property} REMOVE e.${property}`,
    { id, version: BigInt(version) },
  );
  const session = client.session();
  const applying = await session.beginTransaction();
  await applying.run(
    `MATCH (c:${events}Counter) SET c._lock = "a commit"
WITH c MATCH (e:${events}) WHERE e.hidden IS NOT NULL
SET e.${property} = e.hidden REMOVE e.hidden`,
  );
  return {
    async appear(after) {
      await sleep(after);
      await applying.commit();
      await session.close();
    },
  };
}
