import { setImmediate } from "node:timers";
import type { ReservedSql, Sql, TransactionSql } from "postgres";
import { StoreError } from "../core/errors.ts";
import { checkClient } from "./client_input.ts";
import {
  type PostgresExecutor,
  type PostgresListener,
  type PostgresQueryOptions,
  type PostgresRow,
  type PostgresSession,
  type PostgresValue,
  UncommittedError,
} from "./sql/postgres_executor.ts";
import type { TransactionRefusal } from "./sql/transaction_input.ts";

/** What runs a statement: the client, a transaction, a reserved connection. */
type Runner = Pick<Sql<any>, "unsafe">;

/** Runs statements by the driver postgres, also called postgres.js. */
export class PostgresJsExecutor
  implements PostgresExecutor<TransactionSql<any>> {
  readonly driver = "postgres";
  #given: Sql<any> | Promise<Sql<any>>;
  #max = 10;
  // Its connection goes back to the pool, where it is somebody else's.
  #ended = new WeakSet<TransactionSql<any>>();

  /** @param sql The application's own. */
  constructor(sql: Sql<any> | Promise<Sql<any>>) {
    checkClient(
      "sql",
      sql,
      "unsafe",
      "what postgres() of Postgres.js returns",
    );
    this.#given = sql;
    // Whoever uses it first learns of it.
    if (sql instanceof Promise) sql.catch(() => {});
  }

  async size(): Promise<number> {
    const { options } = await this.#given;
    return this.#max = options.max ?? this.#max;
  }

  connections(): string {
    return `the pool may have ${this.#max} connections`;
  }

  refuseTransaction(
    tx: TransactionSql<any>,
  ): TransactionRefusal {
    // The client itself has `begin`, and runs each statement anywhere.
    const isRunner = typeof tx === "function" &&
      typeof tx.unsafe === "function" && !("begin" in tx);
    if (!isRunner) return "foreign";
    return this.#ended.has(tx) ? "ended" : undefined;
  }

  async query(
    text: string,
    values: readonly PostgresValue[],
    { tx, prepare = false }: PostgresQueryOptions<TransactionSql<any>> = {},
  ): Promise<PostgresRow[]> {
    return await run(tx ?? await this.#given, text, values, prepare);
  }

  async transact<T>(
    idleMs: number,
    work: (tx: TransactionSql<any>) => Promise<T>,
  ): Promise<T> {
    const sql = await this.#given;
    let working: Promise<T> | undefined;
    let transaction: TransactionSql<any> | undefined;
    let isUncommitted = false;
    let isOver = false;
    try {
      // In an object, as the driver takes an array for several statements.
      const { result } = await sql.begin(
        "isolation level read committed",
        async (connection) => {
          const tx = transaction = refuseWhen(connection, () => isOver);
          // What fails here is rolled back by the driver: on a connection that
          // is lost it would write to no socket, which ends the process, or
          // wait for ever. A turn later it is known whether it is lost.
          const settle = async <R>(step: Promise<R>): Promise<R> => {
            try {
              return await step;
            } finally {
              await new Promise((resolve) => setImmediate(resolve));
              if (isOver) await new Promise<never>(() => {});
            }
          };
          await settle(run(
            tx,
            "SELECT set_config('idle_in_transaction_session_timeout', $1, true)",
            [String(idleMs)],
          ));
          // If the connection breaks meanwhile, the driver does not wait.
          isUncommitted = true;
          working = work(tx);
          const result = await settle(working).catch((error) => {
            isUncommitted = false;
            throw error;
          });
          // After a failed statement the commit would roll back.
          await settle(run(tx, "SELECT 1", []));
          isUncommitted = false;
          return { result };
        },
      ) as { result: T };
      return result;
    } catch (error) {
      throw isUncommitted ? new UncommittedError(error) : error;
    } finally {
      isOver = true;
      if (transaction) this.#ended.add(transaction);
      await working?.catch(() => {});
    }
  }

  async session<T>(work: (run: PostgresSession) => Promise<T>): Promise<T> {
    const sql = await this.#given;
    // Without `fetch_types` the driver waits for ever for a connection that it
    // opens to be reserved, so there has to be an open one.
    await run(sql, "SELECT 1", []);
    const connection: ReservedSql<any> = await sql.reserve();
    try {
      return await work((text, values = []) => run(connection, text, values));
    } finally {
      connection.release();
    }
  }

  async listen(
    channel: string,
    { notified }: PostgresListener,
  ): Promise<() => Promise<void>> {
    const sql = await this.#given;
    // The driver keeps one connection for this until `sql.end()`, opens it
    // again by itself, and calls back when it has.
    const { unlisten } = await sql.listen(channel, notified, () => notified());
    return unlisten;
  }
}

/**
 * A transaction that takes nothing once it is over. When its connection is
 * lost the driver still takes statements, and writes them to a socket that is
 * gone: an exception that nobody can catch, which ends the process.
 */
function refuseWhen(
  tx: TransactionSql<any>,
  isOver: () => boolean,
): TransactionSql<any> {
  const check = () => {
    if (!isOver()) return;
    throw new StoreError(
      "TRANSACTION_ENDED",
      "Cannot run a statement in a transaction that is over: its connection was lost, or its work has ended before",
    );
  };
  return new Proxy(tx, {
    apply(target, self, args) {
      check();
      return Reflect.apply(target, self, args);
    },
    get(target, name) {
      const member = Reflect.get(target, name);
      if (name !== "unsafe" && name !== "file" && name !== "savepoint") {
        return member;
      }
      return (...args: any[]) => {
        check();
        const work = args.at(-1);
        if (name === "savepoint" && typeof work === "function") {
          args[args.length - 1] = (inner: TransactionSql<any>) =>
            work(refuseWhen(inner, isOver));
        }
        return Reflect.apply(member, target, args);
      };
    },
  });
}

async function run(
  runner: Runner,
  text: string,
  values: readonly PostgresValue[],
  prepare = false,
): Promise<PostgresRow[]> {
  const rows = await runner.unsafe(text, [...values], { prepare }).values();
  // A connection that was lost amid the rows of an answer goes on counting from
  // there once it is open again: the first answer then begins with holes.
  return rows.length === 0 || 0 in rows ? rows : rows.filter(() => true);
}
