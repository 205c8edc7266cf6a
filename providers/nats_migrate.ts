import { StoreError } from "../core/errors.ts";
import {
  bucketConfiguration,
  commitsConfiguration,
  type Configuration,
  differences,
} from "./nats_configuration.ts";
import type { NatsConnection } from "./nats_connection.ts";
import { ApiError, isNoStream, toStoreError } from "./nats_errors.ts";
import { JetStream } from "./nats_jetstream.ts";
import { NatsLink } from "./nats_link.ts";
import { checkVersion, Patience, persist } from "./nats_log.ts";
import { toNames } from "./nats_names.ts";

/** A cluster that has just started takes its time. */
const TIMEOUT_MS = 30_000;
const NOT_ENOUGH_SERVERS = [10005, 10074];

/** Options of {@linkcode migrate}. */
export type MigrateOptions = {
  /** The application's own connection. */
  connection: NatsConnection;
  /** The name of the stream and of the bucket. @default {"evtstore"} */
  name?: string;
  /**
   * On how many servers everything is: 3 outlives one of them, 5 two. What is
   * there already keeps its number unless this is given.
   *
   * @default {1}
   */
  replicas?: 1 | 3 | 5;
  /**
   * The most bytes that the log may have: a log that is full refuses appends
   * with `STORE_FULL`. What is there already keeps its own unless this is given.
   *
   * @default no limit but the disk's
   */
  maxBytes?: number;
  /** Return the requests for the tool `nats`, and run none. @default {false} */
  print?: boolean;
};

/**
 * Makes the stream of commits and the key-value bucket beside it that
 * `createProvider` needs, or changes their numbers of servers. It may run
 * twice, and beside running applications.
 *
 * @returns Nothing, or with `print` what is missing.
 * @throws {StoreError} `STORE_FAILED` for a stream of the name that is made
 * otherwise, or if the cluster has fewer servers than `replicas`.
 *
 * @example
 * ```ts ignore
 * const requests = await migrate({ connection, replicas: 3, print: true });
 * await migrate({ connection, replicas: 3 });
 * ```
 */
export function migrate(
  options: MigrateOptions & { print: true },
): Promise<string[]>;
/** Makes the stream and the bucket, as above. */
export function migrate(
  options: MigrateOptions & { print?: false },
): Promise<void>;
export async function migrate(
  options: MigrateOptions,
): Promise<string[] | void> {
  const { connection, name, replicas, maxBytes, print = false } = options;
  const names = toNames(name);
  const sizes = {
    replicas: replicas ?? 1,
    ...maxBytes === undefined ? {} : { maxBytes },
  };
  const link = new NatsLink(connection);
  checkVersion(link);
  // It publishes nothing, so it needs no headers.
  const jetStream = new JetStream(link, () => {
    throw new TypeError("no headers");
  });
  const requests: string[] = [];
  const patience = new Patience(TIMEOUT_MS);
  try {
    for (
      const expected of [
        commitsConfiguration(names, sizes),
        bucketConfiguration(names, sizes),
      ]
    ) {
      const found = await find(jetStream, expected.name, patience);
      const wanted = found ? change(found, expected, options) : expected;
      if (!wanted) continue;
      const request = `STREAM.${found ? "UPDATE" : "CREATE"}.${wanted.name}`;
      requests.push(
        `nats req '$JS.API.${request}' '${JSON.stringify(wanted)}'`,
      );
      if (!print) {
        await persist(patience, (ms) => jetStream.ask(request, wanted, ms));
      }
    }
  } catch (error) {
    throw toStoreError("migrate", explain(error));
  }
  if (print) return requests;
}

async function find(
  jetStream: JetStream,
  name: string,
  patience: Patience,
): Promise<Configuration | undefined> {
  try {
    const { config } = await persist(
      patience,
      (ms) => jetStream.ask(`STREAM.INFO.${name}`, undefined, ms),
    );
    return config;
  } catch (error) {
    if (isNoStream(error)) return undefined;
    throw error;
  }
}

/** The configuration to change to; undefined if there is nothing to change. */
function change(
  found: Configuration,
  expected: Configuration,
  { replicas, maxBytes }: MigrateOptions,
): Configuration | undefined {
  const reasons = differences(expected, found);
  if (reasons.length > 0) {
    throw new StoreError(
      "STORE_FAILED",
      `Cannot use stream "${expected.name}", which is there already: ${
        reasons.join(", ")
      }; change it, or give another name`,
    );
  }
  const wanted = { ...found };
  if (replicas !== undefined) wanted.num_replicas = replicas;
  if (maxBytes !== undefined && expected.max_msgs_per_subject === -1) {
    wanted.max_bytes = maxBytes;
  }
  const isSame = wanted.num_replicas === found.num_replicas &&
    wanted.max_bytes === found.max_bytes;
  return isSame ? undefined : wanted;
}

function explain(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  if (!NOT_ENOUGH_SERVERS.includes(error.code)) return error;
  return new StoreError(
    "STORE_FAILED",
    `Cannot run migrate: ${error.message}; the cluster has too few servers for this many replicas`,
    { cause: error },
  );
}
