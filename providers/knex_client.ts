import type { Knex } from "knex";
import { StoreError } from "../core/errors.ts";
import type { TransactionRefusal } from "./sql/transaction_input.ts";

/** A connection of the driver under Knex. */
export type KnexConnection = object & {
  /** Set when it must not be used again; Knex then takes it out of the pool. */
  __knex__disposed?: unknown;
};

/** What is needed of Knex's client, which its types leave open. */
export type KnexClient = {
  /** The database. */
  readonly dialect?: string;
  /** The driver. */
  readonly driverName?: string;
  /** What Knex was made with; a transaction's client shares it. */
  readonly config: { readonly connection?: unknown };
  /** Set on the client of a transaction. */
  readonly transacting?: boolean;
  /** The connections. */
  readonly pool?: {
    readonly max?: number;
    numUsed?(): number;
    numPendingAcquires?(): number;
  };
  acquireConnection(): Promise<any>;
  /** Opens a connection that is not in the pool. */
  acquireRawConnection(): Promise<any>;
  releaseConnection(connection: KnexConnection): Promise<void>;
  /** Runs a statement as it is, without the hooks and events of Knex. */
  _query(
    connection: KnexConnection,
    query: { sql: string; bindings: readonly unknown[]; method: string },
  ): Promise<{ response: any; context?: { changes?: number } }>;
  transaction(
    work: (tx: Knex.Transaction) => Promise<unknown>,
    config: { connection: KnexConnection; isolationLevel?: string },
  ): PromiseLike<unknown>;
};

/** What Knex's client speaks to, as far as there are statements for it. */
export type KnexDialect = "postgres" | "mysql" | "sqlite";

const DIALECTS: { readonly [dialect: string]: KnexDialect } = {
  postgresql: "postgres",
  mysql: "mysql",
  sqlite3: "sqlite",
};

/**
 * What the client speaks to.
 *
 * @throws {StoreError} `NOT_SUPPORTED` if there are no statements for it.
 */
export function dialectOf(client: KnexClient): KnexDialect {
  const dialect = DIALECTS[client.dialect ?? ""];
  // Other databases, and drivers that were not tried, derive from these.
  const isDerived = /cockroach|redshift|mssql|oracle|mariadb/i.test(
    client.driverName ?? "",
  );
  if (dialect && !isDerived) return dialect;
  throw new StoreError(
    "NOT_SUPPORTED",
    `Cannot use Knex with client "${
      client.driverName ?? client.dialect
    }": use pg, mysql2, mysql, better-sqlite3 or sqlite3`,
    { field: "client" },
  );
}

/** How many connections there may be at most. */
export function sizeOf(client: KnexClient): number {
  return client.pool?.max ?? 10;
}

/** How the connections are used at this moment, for messages. */
export function connectionsOf({ pool }: KnexClient): string {
  return `the pool has ${pool?.numUsed?.()} connections in use of at most ${pool?.max}, and ${pool?.numPendingAcquires?.()} wait for one`;
}

/** Why a value cannot be used as a transaction of the client, or undefined. */
export function refuseTransaction(
  client: KnexClient,
  tx: unknown,
): TransactionRefusal {
  const { isTransaction, client: own } = (tx ?? {}) as Partial<
    Knex.Transaction
  >;
  const isSame = typeof tx === "function" && isTransaction === true &&
    own?.dialect === client.dialect;
  if (!isSame) return "foreign";
  return (tx as unknown as Knex.Transaction).isCompleted()
    ? "ended"
    : undefined;
}

/** Runs `work` on the transaction's connection, or on any that is free. */
export async function withConnection<T>(
  client: KnexClient,
  tx: Knex.Transaction | undefined,
  work: (connection: KnexConnection) => Promise<T>,
): Promise<T> {
  const owner: KnexClient = tx?.client ?? client;
  const connection: KnexConnection = await owner.acquireConnection();
  try {
    return await work(connection);
  } finally {
    // Of a transaction's client this does nothing.
    await owner.releaseConnection(connection);
  }
}
