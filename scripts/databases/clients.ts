import { MissingError } from "./definition.ts";
import { messageOf } from "./ready.ts";

interface Client {
  on(event: "error", listener: () => void): unknown;
  connect(): Promise<unknown>;
  query(text: string): Promise<unknown>;
  end(): Promise<unknown>;
}

interface Neo4jModule {
  driver(
    url: string,
    authentication: unknown,
    options: Record<string, unknown>,
  ): {
    session(): {
      run(text: string): Promise<unknown>;
      close(): Promise<void>;
    };
    close(): Promise<void>;
  };
  readonly auth: { basic(user: string, password: string): unknown };
}

interface MongodbModule {
  MongoClient: new (url: string, options: Record<string, unknown>) => {
    connect(): Promise<unknown>;
    close(): Promise<unknown>;
    db(): { collection(name: string): { findOne(filter: object): unknown } };
  };
}

interface NatsModule {
  connect(options: Record<string, unknown>): Promise<{
    request(
      subject: string,
      payload: string,
      options: { timeout: number },
    ): Promise<{ json(): { error?: { description: string } } }>;
    close(): Promise<void>;
  }>;
}

/** Rejects unless a PostgreSQL server answers a query. */
export async function askPostgres(url: string): Promise<void> {
  const { default: pg } = await load<{
    default: { Client: new (options: Record<string, unknown>) => Client };
  }>("pg", "npm:pg@8");
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 3_000,
    query_timeout: 3_000,
  });
  // A connection lost while idle is reported here, and thrown if unheard.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("select 1");
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Rejects unless a MySQL or MariaDB server answers a query. */
export async function askMysql(url: string): Promise<void> {
  const { createConnection } = await load<{
    createConnection: (
      options: Record<string, unknown>,
    ) => Promise<Omit<Client, "connect">>;
  }>("mysql2/promise", "npm:mysql2@3/promise");
  const client = await createConnection({ uri: url, connectTimeout: 3_000 });
  client.on("error", () => undefined);
  try {
    await client.query("select 1");
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Rejects unless a Neo4j server answers a query. */
export async function askNeo4j(url: string): Promise<void> {
  const { default: neo4j } = await load<{ default: Neo4jModule }>(
    "neo4j-driver",
    "npm:neo4j-driver@6",
  );
  const { username, password } = new URL(url);
  const driver = neo4j.driver(
    url,
    neo4j.auth.basic(
      decodeURIComponent(username) || "neo4j",
      decodeURIComponent(password),
    ),
    { connectionTimeout: 3_000, maxTransactionRetryTime: 0 },
  );
  const session = driver.session();
  try {
    await session.run("RETURN 1");
  } finally {
    await session.close().catch(() => undefined);
    await driver.close().catch(() => undefined);
  }
}

/** Rejects unless a MongoDB server answers a query. */
export async function askMongodb(url: string): Promise<void> {
  const { MongoClient } = await load<MongodbModule>(
    "mongodb",
    "npm:mongodb@7",
  );
  const client = new MongoClient(url, {
    serverSelectionTimeoutMS: 3_000,
    socketTimeoutMS: 3_000,
  });
  try {
    await client.connect();
    await client.db().collection("evtstore_ready").findOne({});
  } finally {
    await client.close().catch(() => undefined);
  }
}

/** Rejects unless NATS servers can make a stream on so many of them. */
export async function askNats(urls: string, replicas: number): Promise<void> {
  const { connect } = await load<NatsModule>(
    "@nats-io/transport-node",
    "npm:@nats-io/transport-node@3",
  );
  const connection = await connect({
    servers: urls.split(",").map((url) => new URL(url).host),
    timeout: 3_000,
    reconnect: false,
  });
  try {
    const name = "evtstore_ready";
    const ask = async (request: string, body: string): Promise<void> => {
      const subject = `$JS.API.STREAM.${request}.${name}`;
      const answer = await connection.request(subject, body, {
        timeout: 3_000,
      });
      const { error } = answer.json();
      if (error) throw new Error(error.description);
    };
    await ask(
      "CREATE",
      JSON.stringify({
        name,
        subjects: [name],
        storage: "memory",
        num_replicas: replicas,
      }),
    );
    // Somebody else may ask at the same time.
    await ask("DELETE", "").catch(() => undefined);
  } finally {
    await connection.close().catch(() => undefined);
  }
}

/** By its bare name where a package.json or an import map has it. */
async function load<T>(name: string, specifier: string): Promise<T> {
  try {
    if (!("Deno" in globalThis)) return await import(name);
    return await import(name).catch(() => import(specifier));
  } catch (error) {
    // Not a server that does not answer yet: no use to ask again.
    throw new MissingError(`cannot load ${name}: ${messageOf(error)}`);
  }
}
