import type { Db } from "mongodb";
import { byHand, type Contender, fold, STREAM } from "./contender.ts";

/**
 * What an application would write by hand: one insert a command, with the
 * driver's own ids as the order. So it knows of no order between commits, and
 * several events of a command are stored one by one.
 */
export async function rawMongo(
  database: Db,
  close: () => Promise<unknown>,
): Promise<Contender> {
  const events = database.collection<any>("events", {
    writeConcern: { w: "majority" },
  });
  await events.createIndex({ stream: 1, aggregateId: 1, version: 1 }, {
    unique: true,
  });
  await events.createIndex({ stream: 1, _id: 1 });

  const append = (id: string, version: number, added: object[]) =>
    events.insertMany(
      added.map((event, index) => ({
        stream: STREAM,
        aggregateId: id,
        version: version + 1 + index,
        timestamp: new Date(),
        event,
      })),
    );
  const load = async (id: string) => {
    let account = { cents: 0 };
    let version = 0;
    const found = events.find({ stream: STREAM, aggregateId: id })
      .sort({ version: 1 });
    for (const stored of await found.toArray()) {
      account = fold(stored.event, account);
      version = stored.version;
    }
    return { account, version };
  };

  return {
    name: "plain driver",
    ...byHand(append, load),
    async catchUp() {
      let handled = 0;
      const found = events.find({ stream: STREAM }).sort({ _id: 1 })
        .batchSize(1000);
      for await (const _stored of found) handled++;
      return handled;
    },
    close,
  };
}
