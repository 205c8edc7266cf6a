import { allCapabilities, type ProviderFixture } from "evtstore/testing";
import { createProvider, migrate } from "../../../providers/mongo.ts";
import { findDatabase } from "./databases.ts";

/** The class of a driver's clients, of whichever version. */
export type ClientClass = new (
  url: string,
  options: { monitorCommands: true },
) => {
  db(name?: string): any;
  close(): Promise<void>;
};

/** A database of its own, and how to be rid of it. */
export type MongoTestDatabase = {
  /** Its address. */
  url: string;
  /** The driver's database. */
  database: any;
  /** One more client on it, as another process has. */
  another(): any;
  /** Closes all clients. */
  close(): Promise<void>;
  /** Drops it and closes all clients. */
  drop(): Promise<void>;
};

/** The server that the tests run on, if there is one. */
export const mongoUrl: string | undefined = await findDatabase("mongodb");

/** A new and empty database on the server. */
export function openMongo(
  Client: ClientClass,
  server: string,
): MongoTestDatabase {
  const name = `evt_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  const clients: InstanceType<ClientClass>[] = [];
  const open = () => {
    const client = new Client(url.href, { monitorCommands: true });
    clients.push(client);
    return client.db(name);
  };
  const close = async () => {
    await Promise.all(clients.map((client) => client.close()));
  };
  const database = open();
  return {
    url: url.href,
    database,
    another: open,
    close,
    async drop() {
      await database.dropDatabase();
      await close();
    },
  };
}

/** The collections of a database, by their usual names. */
export function collectionsOf(
  database: any,
): { events: any; bookmarks: any; records: any } {
  return {
    events: database.collection("events"),
    bookmarks: database.collection("bookmarks"),
    records: database.collection("events_records"),
  };
}

/** The provider on a new database, for the suite. */
export function mongoFixture(
  Client: ClientClass,
  server: string,
  options: { transactions?: boolean } = {},
): ProviderFixture<any> {
  const capabilities = allCapabilities.filter((capability) =>
    options.transactions !== false ||
    (capability !== "transact" && capability !== "hold")
  );
  return {
    capabilities,
    // A commit waits for the disk, and the machine may be busy.
    patience: 60_000,
    async open() {
      const { database, another, drop } = openMongo(Client, server);
      const { events, bookmarks } = collectionsOf(database);
      await migrate(events, bookmarks);
      await database.createCollection("scratch");
      const onError = () => {};
      return {
        provider: createProvider({ events, bookmarks, onError, ...options }),
        another: async () =>
          createProvider({ ...collectionsOf(another()), onError, ...options }),
        scratch: {
          write: async (session, key, value) => {
            await database.collection("scratch").updateOne(
              { key },
              { $set: { value } },
              { session, upsert: true },
            );
          },
          read: async (key) =>
            (await database.collection("scratch").findOne({ key }))?.value,
        },
        close: drop,
      };
    },
  };
}
