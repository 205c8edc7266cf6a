import { DatabaseSync } from "node:sqlite";
import createKnex, { type Knex } from "knex";
import BetterSqliteClient from "knex/lib/dialects/better-sqlite3/index.js";

/** Knex on SQLite by the runtime's own module: no native addon is needed. */
export function knexOnNodeSqlite(filename: string, max = 1): Knex {
  return createKnex({
    client: NodeSqlite as unknown as typeof Knex.Client,
    connection: { filename },
    useNullAsDefault: true,
    pool: { min: 1, max },
  });
}

/** Stands where Knex expects better-sqlite3. */
class NodeSqliteDatabase {
  #database: DatabaseSync;

  constructor(filename: string) {
    this.#database = new DatabaseSync(filename, { timeout: 1000 });
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  prepare(sql: string) {
    const statement = this.#database.prepare(sql);
    return {
      reader: statement.columns().length > 0,
      all: (values: any[]) => statement.all(...values),
      run: (values: any[]) => statement.run(...values),
    };
  }

  close(): void {
    this.#database.close();
  }
}

class NodeSqlite extends (BetterSqliteClient as any) {
  _driver() {
    return NodeSqliteDatabase;
  }
}
