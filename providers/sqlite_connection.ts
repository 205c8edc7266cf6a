import type { DatabaseSync, StatementSync } from "node:sqlite";
import { StoreError } from "../core/errors.ts";
import { BEGIN, SELECT_FILE } from "./sql/sqlite.ts";
import type { SqliteSession, SqliteValue } from "./sql/sqlite_session.ts";
import { patiently } from "./sqlite_errors.ts";

/** Since Node 22.16. */
type NewerStatement = { setReturnArrays?(enabled: boolean): void };

/** How hard a commit is pressed onto the disk; see SQLite's `synchronous`. */
export type SqliteSynchronous = "OFF" | "NORMAL" | "FULL" | "EXTRA";

/** Where the database is: a file of its own, or the application's client. */
export type SqliteSource = { path: string } | { client: DatabaseSync };

/** A log that a reader holds open grows; afterwards it is cut back to this. */
const JOURNAL_SIZE_LIMIT = 64 * 1024 * 1024;

/**
 * A connection that keeps its prepared statements. Everything is prepared: only
 * errors of statements carry SQLite's code in every runtime.
 */
export class SqliteConnection implements SqliteSession {
  /** The driver's own. */
  readonly database: DatabaseSync;
  #statements = new Map<string, StatementSync>();
  #listStatements = new Map<string, StatementSync>();
  #busyTimeout: number | undefined;

  /** @param database An open connection. */
  constructor(database: DatabaseSync) {
    this.database = database;
  }

  /** Whether a transaction is open, whoever began it. */
  get inTransaction(): boolean {
    // On a closed database the driver would throw here.
    if (this.database.isOpen === false) return false;
    return this.database.isTransaction ?? this.#refusesBegin();
  }

  /** All rows. */
  all<Row>(sql: string, ...values: SqliteValue[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  /** All rows as lists: most runtimes make them in less time than objects. */
  lists<Row extends unknown[]>(sql: string, ...values: SqliteValue[]): Row[] {
    const rows: unknown[] = this.#prepare(sql, true).all(...values);
    return (Array.isArray(rows[0])
      ? rows
      : rows.map((row) => Object.values(row as object))) as Row[];
  }

  /** The first row. */
  get<Row>(sql: string, ...values: SqliteValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  /** @returns How many rows were changed. */
  run(sql: string, ...values: SqliteValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /**
   * Begins a transaction that writes, or fails at once if another process
   * does. A client's own busy timeout would block the event loop instead.
   */
  begin(): void {
    this.#busyTimeout ??=
      this.get<{ timeout: number }>("PRAGMA busy_timeout")!.timeout;
    if (this.#busyTimeout === 0) {
      this.run(BEGIN);
      return;
    }
    this.get("PRAGMA busy_timeout = 0");
    try {
      this.run(BEGIN);
    } finally {
      this.get(`PRAGMA busy_timeout = ${this.#busyTimeout}`);
    }
  }

  /** Rolls back, unless the error that led here has done so. */
  rollback(): void {
    if (this.inTransaction) this.run("ROLLBACK");
  }

  // Node before 22.16 does not tell; a deferred BEGIN locks nothing.
  #refusesBegin(): boolean {
    try {
      this.run("BEGIN");
    } catch (error) {
      return String(error).includes("within a transaction");
    }
    this.run("ROLLBACK");
    return false;
  }

  #prepare(sql: string, asLists = false): StatementSync {
    const statements = asLists ? this.#listStatements : this.#statements;
    let statement = statements.get(sql);
    if (!statement) {
      statement = this.database.prepare(sql);
      // The application's client may have other defaults.
      statement.setReadBigInts(false);
      (statement as NewerStatement).setReturnArrays?.(asLists);
      statements.set(sql, statement);
    }
    return statement;
  }
}

/**
 * The connection that writes, and the one that reads: what is not committed is
 * not read, and a transaction that waits for its handler holds up no reader.
 */
export class SqliteConnections {
  /** The only connection of this process that writes. */
  readonly writer: SqliteConnection;
  /** The same one where the database can have no second. */
  readonly reader: SqliteConnection;
  #closeWriter: boolean;

  private constructor(
    writer: SqliteConnection,
    reader: SqliteConnection,
    closeWriter: boolean,
  ) {
    this.writer = writer;
    this.reader = reader;
    this.#closeWriter = closeWriter;
  }

  /** Opens both. */
  static async open(
    source: SqliteSource,
    synchronous?: SqliteSynchronous,
  ): Promise<SqliteConnections> {
    const own = "path" in source;
    const writer = own
      ? await openFile(source.path)
      : new SqliteConnection(source.client);
    if (own || synchronous) {
      writer.get(`PRAGMA synchronous = ${synchronous ?? "FULL"}`);
    }
    const file = await patiently("open", () => fileOf(writer));
    return new SqliteConnections(
      writer,
      file ? new SqliteConnection(openDatabase(file, true)) : writer,
      own,
    );
  }

  /**
   * The connection to read with: the one that writes while no transaction is
   * open there, as it need not read again what it has written. Not that of an
   * application, whose settings may make it wait inside SQLite.
   */
  get forReading(): SqliteConnection {
    return this.#closeWriter && !this.writer.inTransaction
      ? this.writer
      : this.reader;
  }

  /** Whether readers see what is not committed, and so must wait for writers. */
  get isShared(): boolean {
    return this.reader === this.writer;
  }

  /** Closes what was opened here; the application's client is not. */
  close(): void {
    // The last one to close folds the log into the file; a reader cannot.
    if (!this.isShared) this.reader.database.close();
    if (this.#closeWriter) this.writer.database.close();
  }
}

/** Opens a connection of its own to a file, which need not exist. */
export async function openFile(path: string): Promise<SqliteConnection> {
  const connection = new SqliteConnection(openDatabase(path, false));
  try {
    await patiently("open", () => {
      connection.get("PRAGMA journal_mode = WAL");
      connection.get(`PRAGMA journal_size_limit = ${JOURNAL_SIZE_LIMIT}`);
    });
  } catch (error) {
    connection.database.close();
    throw error;
  }
  return connection;
}

/** The file of the database; empty where there is none. */
export function fileOf(connection: SqliteConnection): string {
  return connection.get<{ file: string }>(SELECT_FILE)!.file;
}

/**
 * Opens a database, waiting for no lock.
 *
 * @throws {StoreError} `RUNTIME_UNSUPPORTED` without `node:sqlite`.
 */
export function openDatabase(path: string, readOnly: boolean): DatabaseSync {
  const sqlite = globalThis.process?.getBuiltinModule?.("node:sqlite");
  if (!sqlite) {
    throw new StoreError(
      "RUNTIME_UNSUPPORTED",
      "Cannot open an SQLite database: this runtime has no node:sqlite; use Node 22.13 or newer (22.5 to 22.12 with --experimental-sqlite), Deno 2.2 or newer, or Bun 1.4 or newer",
    );
  }
  try {
    const database = new sqlite.DatabaseSync(path, { readOnly });
    database.exec("PRAGMA busy_timeout = 0");
    return database;
  } catch (error) {
    throw new StoreError(
      "STORE_FAILED",
      `Cannot open the SQLite database ${path}: ${
        error instanceof Error ? error.message : error
      }; its folder must exist, and this process may read and write it`,
      { cause: error },
    );
  }
}
