// Compiled against the package by `deno task check:npm`, never run: an
// application as the documents of evtstore 12 told to write it.
import knex from "knex";
import { type Collection, MongoClient } from "mongodb";
import * as neo from "neo4j-driver";
// @ts-types="npm:@types/pg@8"
import { Client, Pool } from "pg";
import postgres from "postgres";
import {
  type Aggregate,
  type BaseAggregate,
  type CmdBody,
  type Command,
  CommandError,
  type CommandHandler,
  createAggregate,
  createBookmark,
  createCommands,
  createDomain,
  createDomainV1,
  createDomainV2,
  createHandler as createHandlerOf,
  createPersistedAggregate,
  createProvidedAggregate,
  type Domain,
  type DomainOptions,
  type Event,
  type EventMeta,
  type Ext,
  type Fold,
  type Handler,
  type HandlerBody,
  type HandlerHooks,
  type HandlerOptions,
  type HandlerOptsV1,
  MemoryBookmark,
  type Provider,
  type ProviderBookmark,
  type StoreEvent,
  VersionError,
} from "evtstore";
import * as errors from "evtstore/provider/error";
import * as sql from "evtstore/provider/knex";
import * as memory from "evtstore/provider/memory";
import * as mongo from "evtstore/provider/mongo";
import * as neo4j from "evtstore/provider/neo4j";
import * as neo4jV3 from "evtstore/provider/neo4j-v3";
import * as pg from "evtstore/provider/pg";
import * as postgresJs from "evtstore/provider/postgres";

type UserEvent =
  | { type: "userCreated"; name: string }
  | { type: "nameUpdated"; name: string }
  | { type: "userDeleted" };
type UserAgg = { name: string; deleted?: boolean };
type UserCmd =
  | { type: "createUser"; name: string }
  | { type: "deleteUser" }
  | { type: "updateName"; newName: string };
type PostEvent = { type: "postCreated"; title: string } | {
  type: "postEdited";
  title: string;
};

const fold: Fold<UserEvent, UserAgg> = (ev, prev, meta) => {
  switch (ev.type) {
    case "userDeleted":
      return { deleted: prev.version > 0 };
    case "userCreated":
    case "nameUpdated":
      return { name: `${ev.name} ${meta.timestamp.getFullYear()}` };
  }
};

const user = createAggregate<UserEvent, UserAgg, "user-events">({
  stream: "user-events",
  create: () => ({ name: "" }),
  fold,
  version: "1",
  persistAggregate: true,
});
const post = createAggregate<PostEvent, { title: string }, "post-events">({
  stream: "post-events",
  create: () => ({ title: "" }),
  fold: (ev) => ({ title: ev.title }),
});

const provider = memory.createProvider<any>();
const { domain, createHandler } = createDomain(
  { provider, useCache: true },
  { user, post },
);
const second = createDomainV2({ provider }, { user, post });

const userCmd = createCommands<UserEvent, UserAgg, UserCmd>(
  domain.user,
  {
    createUser: async (cmd, agg) => {
      if (agg.version) throw new CommandError("User exists", "EXISTS");
      return { type: "userCreated", name: `${cmd.name} ${cmd.aggregateId}` };
    },
    deleteUser: async (_, agg) => {
      if (agg.deleted) return;
      return [{ type: "userDeleted" }];
    },
    updateName: async (cmd) => ({ type: "nameUpdated", name: cmd.newName }),
  },
);

const options: HandlerOptions & HandlerOptsV1 = {
  tailStream: false,
  alwaysTailStream: false,
  continueOnError: true,
  hooks: {
    preRun: async () => {},
    postRun: async (events, handled) => {
      console.log(events - handled);
    },
  } satisfies HandlerHooks,
};
const readModel = createHandler(
  "users-model",
  ["user-events", "post-events"],
  options,
);
readModel.handle("user-events", "userCreated", async (id, event, meta) => {
  console.log({ userId: id, name: event.name, createdAt: meta.timestamp });
});
readModel.handle("post-events", "postEdited", async (id, event) => {
  console.log(id, event.title);
});
readModel.start();
readModel.stop();
readModel.reset();

export async function example(): Promise<string> {
  const next = await userCmd.createUser("user-id", { name: "User Name" });
  const loaded = await domain.user.getAggregate("user-id");
  const handled: number = await readModel.runOnce();
  return next.name + loaded.version + next.aggregateId + handled;
}

const commands: CommandHandler<UserEvent, UserAgg, UserCmd> = {
  createUser: async (cmd) => ({ type: "userCreated", name: cmd.name }),
  deleteUser: async () => {},
  updateName: async (cmd) => ({ type: "nameUpdated", name: cmd.newName }),
};
const domainOptions: DomainOptions<UserEvent, UserAgg> = {
  stream: "users",
  aggregate: () => ({ name: "" }),
  fold,
  provider: Promise.resolve(provider),
};
export const users: Domain<UserEvent, UserAgg, UserCmd> = createDomainV1<
  UserEvent,
  UserAgg,
  UserCmd
>(domainOptions, commands);
export const handler: Handler<UserEvent> = users.handler("users", options);
export const body: HandlerBody<UserEvent> = {
  userCreated: async (_id, event: Ext<UserEvent, "userCreated">) => {
    await users.command.updateName("user-id", { newName: event.name });
  },
};
handler.handlers(body);
export const command: CmdBody<UserCmd, UserAgg> = users.command;

/** A provider of an application's own, in the types of evtstore 12. */
export function createOwn<E extends Event>(): Provider<E> {
  const events: StoreEvent<E>[] = [];
  return {
    driver: "own",
    onError: (error, stream, bookmark, event?: Event) => {
      console.error(error, stream, bookmark, event?.type);
    },
    getPosition: async () => 0,
    setPosition: async () => {},
    getEventsFrom: async () => events,
    getEventsFor: async () => events,
    getLastEventFor: async () => events.at(-1),
    createEvents: (stream, aggregateId, version, created) =>
      created.map((event, index) => ({
        stream,
        aggregateId,
        version: version + index,
        event,
        position: 0,
        timestamp: new Date(),
      })),
    append: async (_stream, _id, _version, appended) => {
      if (appended.length === 0) throw new VersionError("Nothing to append");
      events.push(...appended);
      return appended;
    },
  };
}

const bookmark: ProviderBookmark = createBookmark(createOwn(), "own");
const single = createHandlerOf<{ users: UserEvent; posts: PostEvent }>({
  bookmark,
  provider: createOwn<UserEvent | PostEvent>(),
  streams: ["users", "posts"],
});
const persisted = createPersistedAggregate({
  stream: "users",
  version: "1",
  aggregate: (): UserAgg => ({ name: "" }),
  fold,
  provider,
});
const provided = createProvidedAggregate({
  stream: "users",
  aggregate: (): UserAgg => ({ name: "" }),
  fold,
  provider,
});
export type Kept = Aggregate & BaseAggregate & Command & EventMeta;
export const isConflict = (error: unknown): boolean =>
  error instanceof errors.VersionError && error.msg !== "";

const tables = { events: "events", bookmarks: "bookmarks" };

export async function setupPostgres(): Promise<Provider<UserEvent>[]> {
  const client = new Pool({ connectionString: "postgres://localhost/bank" });
  await pg.migrate({ client, ...tables });
  await pg.migratePool({ client, ...tables });
  await pg.migrateClient({ client: new Client(), ...tables });
  const connection = postgres({ host: "localhost" });
  await postgresJs.migrate({ sql: connection, ...tables });
  return [
    pg.createProvider<UserEvent>({ client, limit: 1000, ...tables }),
    postgresJs.createProvider({ sql: connection, limit: 1000, ...tables }),
  ];
}

export async function setupKnex(): Promise<Provider<UserEvent>> {
  const dbClient = knex({ client: "pg" });
  await sql.migrate({ client: dbClient, ...tables });
  return sql.createProvider({
    limit: 1000,
    onError: (err) => console.error(err),
    events: () => dbClient.table("events"),
    bookmarks: () => dbClient.table("bookmarks"),
  });
}

export async function setupMongo(): Promise<Provider<UserEvent>> {
  const db = MongoClient.connect("mongodb://localhost")
    .then((client) => client.db("bank"));
  const events: Promise<Collection<StoreEvent<UserEvent>>> = db
    .then((db) => db.collection<StoreEvent<UserEvent>>("events"));
  const bookmarks = db
    .then((db) => db.collection<mongo.Bookmark>("bookmarks"));
  await mongo.migrate(events, bookmarks);
  return mongo.createProvider({ limit: 1000, events, bookmarks });
}

export async function setupNeo4j(): Promise<Provider<UserEvent>[]> {
  const client = neo.driver(
    "bolt://localhost:7687",
    neo.auth.basic("neo4j", "admin"),
  );
  const labels = { events: "Events", bookmarks: "Bookmarks" };
  await neo4j.migrate({ client, ...labels });
  await neo4jV3.migrate({ client, ...labels });
  return [
    neo4j.createProvider({ client, ...labels }),
    neo4jV3.createProvider({ client, ...labels }),
  ];
}

const forgetful = createHandlerOf<{ users: UserEvent }>({
  bookmark: MemoryBookmark,
  provider: createOwn<UserEvent>(),
  streams: ["users"],
});
forgetful.handleStream("users", body);
void [second, single, persisted, provided];
