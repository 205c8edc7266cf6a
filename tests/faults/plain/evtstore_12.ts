import { createProvider } from "npm:evtstore@12.0.1/provider/knex.js";
import type { Knex } from "knex";
import { knexOnNodeSqlite } from "../../../examples/bank/knex_node_sqlite.ts";
import { knexOnMysql, knexOnPostgres } from "../../providers/support/knex.ts";
import { toUrl } from "../stores/postgres_schema.ts";

/** evtstore 12 on the same tables. */
export function openEvtstore12(address: string): {
  append(
    stream: string,
    aggregateId: string,
    version: number,
    event: { type: "Written" },
  ): Promise<void>;
  close(): Promise<void>;
} {
  const client = connect(address);
  const provider = createProvider<{ type: "Written" }>({
    events: () => client.table("events") as any,
    bookmarks: () => client.table("bookmarks") as any,
  });
  return {
    async append(stream, aggregateId, version, event) {
      const events = provider.createEvents(stream, aggregateId, version, [
        event,
      ]);
      await provider.append(stream, aggregateId, version, events);
    },
    close: () => client.destroy(),
  };
}

function connect(address: string): Knex {
  if (address.startsWith("mysql:")) return knexOnMysql(address);
  if (address.startsWith("sqlite")) {
    return knexOnNodeSqlite(address.slice(address.indexOf(":") + 1));
  }
  const url = new URL(toUrl(address));
  const schema = url.searchParams.get("options")!.split("=")[1]!;
  url.search = "";
  return knexOnPostgres(url.href, [schema]);
}
