import { errnoOf } from "./mysql_errors.ts";
import type { MysqlSession } from "./mysql_executor.ts";
import { SELECT_LOST } from "./mysql_horizon_statements.ts";
import type { MysqlTables } from "./mysql_names.ts";
import type { MysqlStatements } from "./mysql.ts";

/** Whoever may have drawn a position and is not visible yet. */
export type Blocker = {
  /** The key that the tracker knows it by. */
  writer: string;
  /** What the server calls it. */
  session: string;
  /** Since when its transaction runs, in milliseconds. */
  ageMs: number | null;
  /** What it runs at this moment. */
  query: string | null;
};

/** The metadata locks of the table, which show who writes to it. */
export class MetadataLocks {
  #statements: MysqlStatements;
  #table: [string | null, string];

  /** @param statements What to ask. */
  constructor(statements: MysqlStatements, tables: MysqlTables) {
    this.#statements = statements;
    this.#table = [tables.events.schema ?? null, tables.events.name];
  }

  /**
   * Tries whether a writer is seen.
   *
   * @returns Why none would be, or undefined.
   */
  async refusal(session: MysqlSession): Promise<string | undefined> {
    await session.run("START TRANSACTION");
    try {
      await session.run(this.#statements.lockAsWriter);
      const writers = await this.list(session);
      return writers === undefined
        ? "it has not enough room for them (performance_schema_max_metadata_locks)"
        : writers.length === 0
        ? "it does not collect them: MariaDB needs performance_schema = ON and performance-schema-instrument = 'wait/lock/metadata/sql/mdl=ON'"
        : undefined;
    } catch (error) {
      // The server's own words, such as which right is missing.
      if (errnoOf(error) === 0) throw error;
      return (error as Error).message;
    } finally {
      await session.run("ROLLBACK");
    }
  }

  /** The keys of all writers; undefined if the server may not show all. */
  async list(session: MysqlSession): Promise<string[] | undefined> {
    const rows = await session.query<{ writer: string }>(
      this.#statements.selectWriters,
      this.#table,
    );
    // Looked at afterwards: what was lost before is counted by now.
    const [lost] = await session.query<{ Value: string }>(SELECT_LOST);
    if (Number(lost?.Value ?? 1) > 0) return undefined;
    return rows.map(({ writer }) => String(writer));
  }

  /** What the writers are and do, as far as the user may see it. */
  async describe(session: MysqlSession): Promise<Blocker[]> {
    try {
      const rows = await session.query<Blocker>(
        this.#statements.selectBlockers,
        this.#table,
      );
      return rows.map((row) => ({
        ...row,
        ageMs: row.ageMs === null ? null : Number(row.ageMs),
      }));
    } catch (error) {
      if (errnoOf(error) === 0) throw error;
      const writers = await this.list(session) ?? [];
      return writers.map((writer) => ({
        writer,
        session: `thread ${writer.split("/")[0]}`,
        ageMs: null,
        query: null,
      }));
    }
  }
}
