import { createProvider, migrate } from "evtstore/provider/mongo";
import { type ClientSession, type Collection, MongoClient } from "mongodb";
import type { Database } from "./open_database.ts";
import type { Balance, ReadModel, StatementLine } from "./read_model.ts";

/** Fewer events at a time than usual keep the peak of memory low. */
const PAGE_SIZE = 250;

type BalanceDocument = { _id: string; cents: number };
type LineDocument = StatementLine & { _id: string };

/** Opens a MongoDB replica set for the bank; it may be of one node. */
export async function openMongo(
  url: string,
): Promise<Database<ClientSession>> {
  const client = new MongoClient(url);
  try {
    const database = client.db();
    const events = database.collection("events");
    const bookmarks = database.collection("bookmarks");
    await migrate({ events, bookmarks });
    const balances = database.collection<BalanceDocument>("bank_balances");
    const lines = database.collection<LineDocument>("bank_statements");
    await lines.createIndex({ account: 1 });
    return {
      provider: createProvider({ events, bookmarks, limit: PAGE_SIZE }),
      readModel: createReadModel(balances, lines),
      close: () => client.close(),
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

function createReadModel(
  balances: Collection<BalanceDocument>,
  lines: Collection<LineDocument>,
): ReadModel<ClientSession> {
  return {
    // A collection is there with its first document.
    async create() {},

    async post(session, line) {
      const { account, version, cents } = line;
      const _id = JSON.stringify([account, version]);
      await lines.insertOne({ _id, ...line }, {
        session,
        ignoreUndefined: true,
      });
      await balances.updateOne(
        { _id: account },
        { $inc: { cents } },
        { session, upsert: true },
      );
    },

    async balances(session) {
      const sums = await lines.aggregate<{ _id: string; cents: number }>(
        [{ $group: { _id: "$account", cents: { $sum: "$cents" } } }],
        { session },
      ).toArray();
      const statements = new Map(sums.map(({ _id, cents }) => [_id, cents]));
      const found = await balances
        .find({}, { session, sort: { cents: -1, _id: 1 } }).toArray();
      return found.map(({ _id: account, cents }): Balance => ({
        account,
        cents,
        statement: statements.get(account) ?? 0,
      }));
    },
  };
}
