import type { Place } from "./store.ts";

/** Adds a line to the read model. */
export const ADD = "INSERT INTO handled (line) VALUES ($1)";
/** The lines of the read model. */
export const LIST = "SELECT line FROM handled";

/** Makes a schema with the tables in it. */
export async function createSchema(
  server: string,
  scheme: string,
): Promise<Place> {
  // A process that only opens a place needs neither.
  const { default: pg } = await import("pg") as any;
  const { migrate } = await import("../../../providers/pg.ts");
  const name = `evt_f_${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;
  const url = new URL(server);
  url.searchParams.set("options", `-c search_path=${name}`);
  const client = new pg.Pool({ connectionString: url.href, max: 2 });
  client.on("error", () => {});
  await client.query(`CREATE SCHEMA ${name}`);
  await migrate({ client });
  await client.query("CREATE TABLE handled (line text NOT NULL)");
  await client.end();
  return {
    address: url.href.replace(/^\w+:/, scheme),
    async remove() {
      const client = new pg.Client({ connectionString: url.href });
      await client.connect();
      await client.query(`DROP SCHEMA ${name} CASCADE`);
      await client.end();
    },
  };
}

/** The address as the drivers read it. */
export function toUrl(address: string): string {
  return address.replace(/^[\w+]+:/, "postgres:");
}
