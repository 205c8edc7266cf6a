// @ts-types="npm:@types/pg@8"
import pg from "pg";
import { toUrl } from "../stores/postgres_schema.ts";
import type { Plain } from "./plain.ts";

const READ =
  "SELECT position, concat_ws(' ', stream, aggregate_id, version) AS line FROM events WHERE position > $1 ORDER BY position";
const INSERT =
  "INSERT INTO events (stream, aggregate_id, version, timestamp, event) VALUES ($1, $2, $3, now(), $4)";

/** PostgreSQL by node-postgres. */
export function openPostgres(address: string): Plain {
  const pool = new pg.Pool({ connectionString: toUrl(address), max: 4 });
  return {
    readAfter: async (position) =>
      (await pool.query(READ, [String(position)])).rows.map((row) => ({
        line: row.line,
        position: BigInt(row.position),
      })),
    async write({ stream, aggregateId, version, event }, stall, mayCommit) {
      const client = await pool.connect();
      await client.query("BEGIN");
      await stall();
      await client.query(INSERT, [stream, aggregateId, version, event]);
      // A number that is drawn and not used, while the transaction goes on.
      await client.query("SAVEPOINT later");
      await client.query(INSERT, [stream, aggregateId, version + 1, event]);
      await client.query("ROLLBACK TO later");
      await stall();
      await client.query(mayCommit ? "COMMIT" : "ROLLBACK");
      client.release();
    },
    close: () => pool.end(),
  };
}
