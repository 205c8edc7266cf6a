import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  createProvider,
  migrate,
  type SqliteOptions,
} from "evtstore/provider/sqlite";
import {
  allCapabilities,
  type OpenedProvider,
  type ProviderFixture,
} from "evtstore/testing";

/** A file that several processes could have open. */
export const sqliteFileFixture: ProviderFixture<DatabaseSync> = {
  capabilities: allCapabilities,
  async open() {
    const folder = mkdtempSync(join(tmpdir(), "evtstore-"));
    const path = join(folder, "log.db");
    const { close, ...opened } = await open({ path }, new DatabaseSync(path));
    const others: { close(): Promise<void> }[] = [];
    return {
      ...opened,
      async another() {
        const other = createProvider({ path, onError: () => {} });
        others.push(other);
        return other;
      },
      async close() {
        await Promise.all(others.map((other) => other.close()));
        await close();
        rmSync(folder, { recursive: true });
      },
    };
  },
};

/** A database in memory, on a client of the application's own. */
export const sqliteClientFixture: ProviderFixture<DatabaseSync> = {
  capabilities: allCapabilities,
  async open() {
    const client = new DatabaseSync(":memory:");
    return await open({ client }, client);
  },
};

async function open(
  options: SqliteOptions,
  reader: DatabaseSync,
): Promise<OpenedProvider<DatabaseSync>> {
  await migrate(options);
  reader.exec("CREATE TABLE scratch (key TEXT PRIMARY KEY, value TEXT)");
  const provider = createProvider({ ...options, onError: () => {} });
  return {
    provider,
    scratch: {
      async write(tx, key, value) {
        tx.prepare("INSERT OR REPLACE INTO scratch VALUES (?, ?)")
          .run(key, value);
      },
      async read(key) {
        const row = reader.prepare("SELECT value FROM scratch WHERE key = ?")
          .get(key);
        return row?.value as string | undefined;
      },
    },
    async close() {
      await provider.close();
      reader.close();
    },
  };
}
