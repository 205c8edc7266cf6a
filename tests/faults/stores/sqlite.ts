import type { Knex } from "knex";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { knexOnNodeSqlite } from "../../../examples/bank/knex_node_sqlite.ts";
import { createProvider as createKnexProvider } from "../../../providers/knex.ts";
import { createProvider, migrate } from "../../../providers/sqlite.ts";
import type { Place, ReadModel, StoreKind } from "./store.ts";

const HANDLED = "CREATE TABLE IF NOT EXISTS handled (line TEXT NOT NULL)";
const ADD = "INSERT INTO handled (line) VALUES (?)";
const LIST = "SELECT line FROM handled";

/** A file, by the runtime's own module. */
export const sqlite: StoreKind = {
  create: () => createFile("sqlite:"),
  async open(address, { onError = () => {} }) {
    const path = address.slice("sqlite:".length);
    const provider = createProvider({ path, onError });
    return {
      provider,
      readModel: readModelOf(path),
      close: () => provider.close(),
    };
  },
};

/** A file, by Knex. */
export const knexSqlite: StoreKind = {
  create: () => createFile("sqlite+knex:"),
  async open(address, { onError = () => {} }) {
    const path = address.slice("sqlite+knex:".length);
    const client = knexOnNodeSqlite(path);
    return {
      provider: createKnexProvider({ client, onError }),
      readModel: {
        async add(tx: Knex.Transaction, line) {
          await tx("handled").insert({ line });
        },
        list: async () => listLines(path),
      },
      close: () => client.destroy(),
    };
  },
};

/** The read model in a file. */
export function readModelOf(path: string): ReadModel<DatabaseSync> {
  return {
    async add(tx, line) {
      tx.prepare(ADD).run(line);
    },
    list: async () => listLines(path),
  };
}

/** Makes the tables in a file. */
export async function migrateFile(path: string): Promise<void> {
  await migrate({ path });
  const database = new DatabaseSync(path, { timeout: 5000 });
  database.exec(HANDLED);
  database.close();
}

async function createFile(scheme: string): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), "evtstore-faults-"));
  const path = join(folder, "log.db");
  await migrateFile(path);
  return {
    address: `${scheme}${path}`,
    remove: async () => rmSync(folder, { recursive: true }),
  };
}

function listLines(path: string): string[] {
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    return database.prepare(LIST).all().map(({ line }) => String(line));
  } finally {
    database.close();
  }
}
