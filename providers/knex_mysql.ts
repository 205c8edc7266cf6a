import type { Knex } from "knex";
import {
  guardTransaction,
  type MysqlExecutor,
  type MysqlResult,
  type MysqlSession,
  type MysqlValue,
  prepareTransaction,
  RolledBackError,
} from "./sql/mysql_executor.ts";
import {
  connectionsOf,
  type KnexClient,
  type KnexConnection,
  refuseTransaction,
  sizeOf,
  withConnection,
} from "./knex_client.ts";
import { transactOn } from "./knex_transaction.ts";
import type { TransactionRefusal } from "./sql/transaction_input.ts";

/** What is needed of a connection of mysql2 or mysql. */
type Connection = KnexConnection & {
  config?: { typeCast?: unknown };
  query(
    options: { [option: string]: unknown },
    values: readonly MysqlValue[],
    callback: (error: unknown, result: any) => void,
  ): unknown;
};

/**
 * What the application may have set for its own statements, and ours are read
 * without. Knex's own way would pass them through its hooks for names and rows.
 */
const OPTIONS = {
  rowsAsArray: false,
  nestTables: false,
  namedPlaceholders: false,
  supportBigNumbers: true,
  bigNumberStrings: false,
};

/** Runs the statements of MySQL through a client of Knex. */
export class KnexMysqlExecutor implements MysqlExecutor<Knex.Transaction> {
  /** As evtstore 12 called it. */
  readonly driver = "knex";
  #client: KnexClient;

  /** @param client The client of the application. */
  constructor(client: KnexClient) {
    this.#client = client;
  }

  size(): number {
    return sizeOf(this.#client);
  }

  connections(): string {
    return connectionsOf(this.#client);
  }

  refuseTransaction(tx: Knex.Transaction): TransactionRefusal {
    return refuseTransaction(this.#client, tx);
  }

  session<T>(
    tx: Knex.Transaction | undefined,
    work: (session: MysqlSession) => Promise<T>,
  ): Promise<T> {
    return withConnection(
      this.#client,
      tx,
      (connection) => work(toSession(connection as Connection)),
    );
  }

  transact<T>(
    idleMs: number,
    work: (tx: Knex.Transaction) => Promise<T>,
  ): Promise<T> {
    return withConnection(this.#client, undefined, async (connection) => {
      const session = toSession(connection as Connection);
      let restore = () => session.run("ROLLBACK").then(() => {});
      try {
        const reset = await prepareTransaction(session, idleMs);
        restore = () => session.run("ROLLBACK").then(reset);
        const result = await transactOn(
          this.#client,
          connection,
          (tx) => guardTransaction(session, () => work(tx)),
          {
            isolationLevel: "read committed",
            ended: () => new RolledBackError(),
          },
        );
        restore = reset;
        return result;
      } finally {
        // After a failure something may be open still, which the reset would
        // commit. What cannot be made fit again is not used again.
        await restore().catch((error) => {
          connection.__knex__disposed = error;
        });
      }
    });
  }
}

function toSession(connection: Connection): MysqlSession {
  // Where the connection has a function, only a function takes its place.
  const typeCast = typeof connection.config?.typeCast === "function"
    ? (_field: unknown, next: () => unknown) => next()
    : true;
  const query = (text: string, values: readonly MysqlValue[]) =>
    new Promise<any>((resolve, reject) =>
      connection.query(
        { sql: text, ...OPTIONS, typeCast },
        values,
        (error, result) => error ? reject(error) : resolve(result),
      )
    );
  return {
    connection,
    query: (text, values = []) => query(text, values),
    run: async (text, values = []): Promise<MysqlResult> => {
      const { affectedRows, insertId } = await query(text, values);
      return { affectedRows, insertId: Number(insertId) };
    },
  };
}
