import { MongoClient, Timestamp } from "mongodb";
import { lineOf, orderOf } from "../log.ts";
import { toUrl } from "../stores/mongo.ts";
import type { Plain } from "./plain.ts";

/** MongoDB. Nobody else may write: a validator refuses it. */
export function openMongo(address: string): Plain {
  const client = new MongoClient(toUrl(address));
  const events = client.db().collection<any>("events");
  return {
    readAfter: async (position) =>
      (await events
        .find({ position: { $gt: new Timestamp(position) } })
        .sort({ position: 1 })
        .toArray()).map((event) => ({
          line: lineOf(event),
          position: orderOf(event.position),
        })),
    close: () => client.close(),
  };
}
