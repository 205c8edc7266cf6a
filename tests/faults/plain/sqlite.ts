import { DatabaseSync } from "node:sqlite";
import { sleep } from "../wait.ts";
import type { Plain } from "./plain.ts";

const READ =
  "SELECT position, stream || ' ' || aggregate_id || ' ' || version AS line FROM events WHERE position > ? ORDER BY position";
const INSERT =
  "INSERT INTO events (stream, aggregate_id, version, timestamp, event) VALUES (?, ?, ?, datetime('now'), ?)";

/** A file, by the runtime's own module. */
export function openSqlite(address: string): Plain {
  const path = address.slice(address.indexOf(":") + 1);
  const database = new DatabaseSync(path, { timeout: 0 });
  const begin = async () => {
    for (;;) {
      try {
        return database.exec("BEGIN IMMEDIATE");
      } catch (error) {
        // In Deno what `exec` throws has no code.
        if (!/database is locked/.test(String(error))) throw error;
        await sleep(Math.random() * 5);
      }
    }
  };
  return {
    readAfter: async (position) =>
      database.prepare(READ).all(position).map((row) => ({
        line: String(row.line),
        position: BigInt(Number(row.position)),
      })),
    async write({ stream, aggregateId, version, event }, stall, mayCommit) {
      await begin();
      await stall();
      database.prepare(INSERT).run(stream, aggregateId, version, event);
      await stall();
      database.exec(mayCommit ? "COMMIT" : "ROLLBACK");
    },
    close: async () => database.close(),
  };
}
