import { migrate } from "../../../providers/knex.ts";
import { knexOnMysql } from "../../providers/support/knex.ts";
import { openKnex } from "./knex.ts";
import type { StoreKind } from "./store.ts";

/** MySQL or MariaDB by Knex. */
export const mysql: StoreKind = {
  async create(server) {
    const { createMysqlDatabase } = await import(
      "../../providers/support/mysql.ts"
    );
    const { client, url, drop } = await createMysqlDatabase(server);
    await migrate({ client });
    await client.schema.createTable("handled", (table) => {
      table.string("line").notNullable();
    });
    return { address: url, remove: drop };
  },
  async open(address, options) {
    const client = knexOnMysql(address);
    return openKnex(client, options);
  },
};
