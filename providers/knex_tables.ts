import type { Knex } from "knex";
import { StoreError } from "../core/errors.ts";
import type { KnexClient } from "./knex_client.ts";

/** A table as a query builder of Knex has it. */
type Builder = {
  client?: KnexClient;
  _single?: { table?: unknown; schema?: unknown };
};

/** The client and the names of the tables. */
export type KnexSource = {
  /** The client of the application. */
  client: KnexClient;
  /** `table` or `schema.table`. */
  events: string | undefined;
  /** `table` or `schema.table`. */
  bookmarks: string | undefined;
  /** `table` or `schema.table`. */
  records: string | undefined;
};

/** Where the tables are: query builders, or Knex and names. */
export type KnexTableOptions = {
  /** Knex itself. */
  client?: Knex;
  /** The name of the table, or what begins a query on it. */
  events?: string | (() => Knex.QueryBuilder<any, any>) | undefined;
  /** The name of the table, or what begins a query on it. */
  bookmarks?: string | (() => Knex.QueryBuilder<any, any>) | undefined;
  /** The name of the table. */
  records?: string | undefined;
};

/**
 * Finds the client and the tables in the options of either form.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the option.
 */
export function toSource(options: KnexTableOptions): KnexSource {
  const events = toTable("events", options.events);
  const bookmarks = toTable("bookmarks", options.bookmarks);
  const client: KnexClient | undefined = options.client?.client ??
    events.client ?? bookmarks.client;
  if (typeof client?.acquireConnection !== "function") {
    throw invalid("client", "to be Knex, or events to be () => knex.table(…)");
  }
  if (client.transacting) {
    throw invalid(
      "client",
      "not to be a transaction; give it to each call as tx",
    );
  }
  return {
    client,
    events: events.name,
    bookmarks: bookmarks.name,
    records: options.records,
  };
}

function toTable(
  option: string,
  given: KnexTableOptions["events"],
): { client?: KnexClient; name?: string } {
  if (given === undefined) return {};
  if (typeof given === "string") return { name: given };
  if (typeof given !== "function") {
    throw invalid(option, "to be a name, or () => knex.table(…)");
  }
  const { client, _single } = given() as unknown as Builder;
  const { table, schema } = _single ?? {};
  if (typeof table !== "string" || client === undefined) {
    throw invalid(option, "to return a query on one table");
  }
  const name = typeof schema === "string" ? `${schema}.${table}` : table;
  return { client, name };
}

function invalid(field: string, wish: string): StoreError {
  return new StoreError("INVALID_INPUT", `Expected ${field} ${wish}`, {
    field,
  });
}
