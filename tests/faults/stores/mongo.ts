import { type ClientSession, type Db, MongoClient, UUID } from "mongodb";
import { createProvider, migrate } from "../../../providers/mongo.ts";
import type { StoreKind } from "./store.ts";

/** MongoDB. */
export const mongo: StoreKind = {
  async create(server) {
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
  },
  async open(address, { connections = 10, patience, onError = () => {} }) {
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
      provider: createProvider({ events, bookmarks, onError }),
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
  },
};

function collectionsOf(database: Db) {
  return {
    events: database.collection("events"),
    bookmarks: database.collection("bookmarks"),
  };
}
