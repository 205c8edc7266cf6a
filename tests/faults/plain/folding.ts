import { MongoClient } from "mongodb";
import {
  createProvider,
  type MongoProvider,
} from "../../../providers/mongo.ts";

/** MongoDB as it is used where it has no transactions. */
export function openFolding(address: string): {
  provider: MongoProvider<any, any>;
  close(): Promise<void>;
} {
  const client = new MongoClient(address);
  const database = client.db();
  return {
    provider: createProvider({
      events: database.collection("events"),
      bookmarks: database.collection("bookmarks"),
      transactions: false,
      onError: () => {},
    }),
    close: () => client.close(),
  };
}
