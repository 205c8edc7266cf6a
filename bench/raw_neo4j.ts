import neo4j, { type Driver } from "neo4j-driver";
import { byHand, type Contender, fold, STREAM } from "./contender.ts";

/**
 * What an application would write by hand: one statement a command. It gives
 * events no order but that within their aggregate.
 */
export async function rawNeo4j(
  driver: Driver,
  label: string,
  close: () => Promise<unknown>,
): Promise<Contender> {
  const run = async (text: string, values: object = {}) => {
    const session = driver.session();
    try {
      return (await session.run(text, values)).records;
    } finally {
      await session.close();
    }
  };
  await run(
    `CREATE INDEX IF NOT EXISTS FOR (e:${label}) ON (e.stream, e.aggregateId, e.version)`,
  );
  await run("CALL db.awaitIndexes(60)");

  const append = (id: string, version: number, added: object[]) =>
    run(
      `UNWIND $events AS event CREATE (e:${label}) SET e = event`,
      {
        events: added.map((event, index) => ({
          stream: STREAM,
          aggregateId: id,
          version: neo4j.int(version + 1 + index),
          timestamp: new Date().toISOString(),
          event: JSON.stringify(event),
        })),
      },
    );
  const load = async (id: string) => {
    let account = { cents: 0 };
    let version = 0;
    const records = await run(
      `MATCH (e:${label}) WHERE e.stream = $stream AND e.aggregateId = $id
         AND e.version > 0
       RETURN e.version AS version, e.event AS event
       ORDER BY e.stream, e.aggregateId, e.version`,
      { stream: STREAM, id },
    );
    for (const record of records) {
      version = Number(record.get("version"));
      account = fold(JSON.parse(record.get("event")), account);
    }
    return { account, version };
  };

  return {
    name: "plain driver",
    ...byHand(append, load),
    close,
  };
}
