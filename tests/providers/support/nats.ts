import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { allCapabilities, type ProviderFixture } from "evtstore/testing";
import {
  createProvider,
  migrate,
  type NatsProvider,
} from "../../../providers/nats.ts";
import { findDatabase } from "./databases.ts";

/** The single server that the tests run on, if there is one. */
export const natsUrl: string | undefined = await findDatabase("nats");

/** Servers that the suite runs on, and how many hold each stream. */
export async function findNats(): Promise<
  { name: string; url: string; replicas: 1 | 3 }[]
> {
  const others = process.env.EVTSTORE_LONG === "1"
    ? ["nats211", "nats_cluster"]
    : [];
  const found = [{ name: "nats", url: natsUrl }];
  for (const name of others) {
    found.push({ name, url: await findDatabase(name) });
  }
  return found.flatMap(({ name, url }) =>
    url === undefined
      ? []
      : [{ name, url, replicas: name === "nats_cluster" ? 3 : 1 }]
  );
}

/** A log of its own, and how to be rid of it. */
export type NatsTestLog = {
  name: string;
  connection: NatsConnection;
  provider: NatsProvider<any>;
  /** One more provider on it, as another process has. */
  another(options?: { timeoutMs?: number }): Promise<NatsProvider<any>>;
  /** Closes all connections. */
  close(): Promise<void>;
  /** Deletes it and closes all connections. */
  drop(): Promise<void>;
};

/** A connection as an application opens one. */
export function connectTo(urls: string): Promise<NatsConnection> {
  return connect({
    servers: urls.split(",").map((url) => new URL(url).host),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    pingInterval: 2000,
    // Otherwise a connection that is lost while it opens is waited for 20 s.
    timeout: 2000,
    waitOnFirstConnect: true,
  });
}

/** A name for a log that nobody has used. */
export function newName(): string {
  return `evt_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
}

/** A log, new and empty unless it is named. */
export async function openNats(
  urls: string,
  { replicas = 1, timeoutMs, name = newName() }: {
    replicas?: 1 | 3;
    timeoutMs?: number;
    name?: string;
  } = {},
): Promise<NatsTestLog> {
  const connections: NatsConnection[] = [];
  const open = async (given: { timeoutMs?: number }) => {
    const connection = await connectTo(urls);
    connections.push(connection);
    const provider = createProvider({
      connection,
      headers,
      name,
      onError: () => {},
      ...given,
    });
    return { connection, provider };
  };
  const first = await open(timeoutMs === undefined ? {} : { timeoutMs });
  await migrate({ connection: first.connection, name, replicas });
  const close = async () => {
    await Promise.all(connections.map((connection) => connection.close()));
  };
  return {
    name,
    ...first,
    another: async (options = {}) => (await open(options)).provider,
    close,
    async drop() {
      await removeLog(first.connection, name);
      await close();
    },
  };
}

/** Deletes a log with everything in it. */
export async function removeLog(
  connection: NatsConnection,
  name: string,
): Promise<void> {
  for (const stream of [name, `KV_${name}`]) {
    await connection.request(`$JS.API.STREAM.DELETE.${stream}`, "", {
      timeout: 10_000,
    });
  }
}

/** The provider on a new log, for the suite. */
export function natsFixture(
  urls: string,
  replicas: 1 | 3 = 1,
): ProviderFixture<never> {
  return {
    // What needs a transaction.
    capabilities: allCapabilities.filter((one) =>
      one !== "transact" && one !== "hold"
    ),
    // The machine may be busy.
    patience: 60_000,
    async open() {
      const { provider, another, drop } = await openNats(urls, { replicas });
      return { provider, another, close: drop };
    },
  };
}
