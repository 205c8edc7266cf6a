import { knexOnMysql } from "../../providers/support/knex.ts";
import type { Plain } from "./plain.ts";

const READ =
  "SELECT position, concat_ws(' ', stream, aggregate_id, version) AS line FROM events WHERE position > ? ORDER BY position";

/** MySQL or MariaDB by Knex. */
export function openMysql(address: string): Plain {
  const client = knexOnMysql(address);
  return {
    async readAfter(position) {
      const [rows] = await client.raw(READ, [String(position)]);
      return rows.map((row: { line: string; position: number }) => ({
        line: row.line,
        position: BigInt(row.position),
      }));
    },
    async write({ stream, aggregateId, version, event }, stall, mayCommit) {
      const tx = await client.transaction();
      await stall();
      await tx("events").insert({
        stream,
        aggregate_id: aggregateId,
        version,
        timestamp: new Date(),
        event,
      });
      await stall();
      await (mayCommit ? tx.commit() : tx.rollback());
    },
    close: () => client.destroy(),
  };
}
