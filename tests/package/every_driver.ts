// Compiled against the package by `deno task check:npm`, never run: each entry
// point takes what its driver gives, and gives back that driver's types.
import createKnex, { type Knex } from "knex";
import { type ClientSession, MongoClient } from "mongodb";
import neo4j, { type Transaction } from "neo4j-driver";
// @ts-types="npm:@types/pg@8"
import { Pool, type PoolClient } from "pg";
import postgres, { type TransactionSql } from "postgres";
import { createAggregate, createDomain, type Provider } from "evtstore";
import * as byKnex from "evtstore/provider/knex";
import * as byMongo from "evtstore/provider/mongo";
import * as byNeo4j from "evtstore/provider/neo4j";
import * as byNeo4jV3 from "evtstore/provider/neo4j-v3";
import * as byPg from "evtstore/provider/pg";
import * as byPostgres from "evtstore/provider/postgres";
import { conformanceCases, testProvider } from "evtstore/testing";
import { type Equal, expectType } from "../types/equal.ts";

const account = createAggregate({
  stream: "accounts",
  create: () => ({ owner: "" }),
  fold: ({ owner }: { type: "Opened"; owner: string }) => ({ owner }),
});

type Tx<P> = P extends
  { transact(work: (tx: infer T) => Promise<any>): Promise<any> } ? T : never;

export function openPg(): Provider<any> {
  const provider = byPg.createProvider({ client: new Pool() });
  expectType<Equal<Tx<typeof provider>, PoolClient>>();
  const { createHandler } = createDomain({ provider }, { account });
  const handler = createHandler("history", ["accounts"], {
    transactional: true,
  });
  handler.handle("accounts", "Opened", async (_id, { owner }, _meta, tx) => {
    await tx.query("INSERT INTO history (owner) VALUES ($1)", [owner]);
  });
  return provider;
}

export function openPostgres(): Provider<any> {
  const provider = byPostgres.createProvider({ sql: postgres() });
  expectType<Equal<Tx<typeof provider>, TransactionSql<any>>>();
  return provider;
}

export async function openKnex(): Promise<Provider<any>> {
  const client = createKnex({ client: "pg" });
  await byKnex.migrate({ client });
  const provider = byKnex.createProvider({ client });
  expectType<Equal<Tx<typeof provider>, Knex.Transaction>>();
  return provider;
}

export async function openMongo(): Promise<Provider<any>> {
  const db = new MongoClient("mongodb://localhost").db("bank");
  const events = db.collection("events");
  const bookmarks = db.collection("bookmarks");
  await byMongo.migrate(events, bookmarks);
  const provider = byMongo.createProvider({ events, bookmarks });
  expectType<Equal<Tx<typeof provider>, ClientSession>>();
  return provider;
}

export async function openNeo4j(): Promise<Provider<any>[]> {
  const client = neo4j.driver("bolt://localhost");
  const labels = { events: "Events", bookmarks: "Bookmarks" };
  await byNeo4j.migrate({ client, ...labels });
  const provider = byNeo4j.createProvider({ client, ...labels });
  expectType<Equal<Tx<typeof provider>, Transaction>>();
  return [provider, byNeo4jV3.createProvider({ client, ...labels })];
}

testProvider("one of them", {
  capabilities: ["transact"],
  open: async () => ({ provider: openPg(), close: async () => {} }),
});
console.log(conformanceCases(["metadata"]).map(({ name }) => name));
