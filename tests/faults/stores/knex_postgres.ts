import { knexOnPostgres } from "../../providers/support/knex.ts";
import { openKnex } from "./knex.ts";
import { createSchema, toUrl } from "./postgres_schema.ts";
import type { StoreKind } from "./store.ts";

/** PostgreSQL by Knex. */
export const knexPostgres: StoreKind = {
  create: (server) => createSchema(server, "postgres+knex:"),
  async open(address, options) {
    const url = new URL(toUrl(address));
    const schema = url.searchParams.get("options")!.split("=")[1]!;
    url.search = "";
    const client = knexOnPostgres(url.href, [schema]);
    return openKnex(client, options);
  },
};
