import { type ClientSession, type Db, MongoClient, UUID } from "mongodb";
import { createProvider, migrate } from "../../../providers/mongo.ts";
import type { Place, Store, StoreKind, StoreOptions } from "./store.ts";

/** MongoDB. */
export const mongo: StoreKind = {
  create,
  open: (address, options) => open(address, options, true),
};

/** MongoDB as it is used where it has no transactions. */
export const foldingMongo: StoreKind = {
  async create(server) {
    const place = await create(server);
    const address = place.address.replace(/^mongodb:/, "mongodb+folding:");
    return { ...place, address };
  },
  open: (address, options) => open(toUrl(address), options, false),
};

/** What the driver opens. */
export function toUrl(address: string): string {
  return address.replace(/^mongodb\+folding:/, "mongodb:");
}

async function create(server: string): Promise<Place> {
  const url = new URL(server);
  url.pathname = `/evt_${crypto.randomUUID().slice(0, 13)}`;
  const client = new MongoClient(url.href);
  const database = client.db();
  const { events, bookmarks } = collectionsOf(database);
  await migrate(events, bookmarks);
  await database.createCollection("handled");
  await client.close();
  return {
    address: url.href,
    async remove() {
      const client = new MongoClient(url.href);
      await client.db().dropDatabase();
      await client.close();
    },
  };
}

async function open(
  address: string,
  { connections = 10, patience, onError = () => {} }: StoreOptions,
  transactions: boolean,
): Promise<Store<ClientSession>> {
  const client = new MongoClient(address, {
    maxPoolSize: connections,
    ...(patience === undefined ? {} : {
      serverSelectionTimeoutMS: patience,
      waitQueueTimeoutMS: patience,
    }),
  });
  const database = client.db();
  const handled = database.collection<{ line: string }>("handled");
  const { events, bookmarks } = collectionsOf(database);
  return {
    provider: createProvider({ events, bookmarks, onError, transactions }),
    readModel: {
      async add(session: ClientSession, line) {
        await handled.insertOne({ line }, { session });
      },
      list: async () =>
        (await handled.find().toArray()).map(({ line }) => line),
    },
    nameOf: (session: ClientSession) =>
      new UUID(session.id!.id.buffer).toHexString(),
    // The server would end it after a minute, and until then it is in the
    // way of whoever goes on.
    async endTransaction(name) {
      await client.db("admin").command({
        killSessions: [{ id: new UUID(name) }],
      });
    },
    close: () => client.close(),
  };
}

function collectionsOf(database: Db) {
  return {
    events: database.collection("events"),
    bookmarks: database.collection("bookmarks"),
  };
}
