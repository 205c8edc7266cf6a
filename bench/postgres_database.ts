// @ts-types="npm:@types/pg@8"
import pg from "pg";

/** Runs `work` on a database that is dropped afterwards. */
export async function withDatabase(
  server: string,
  work: (url: string) => Promise<void>,
): Promise<void> {
  const { url, drop } = await createDatabase(server);
  try {
    await work(url);
  } finally {
    await drop();
  }
}

/** Makes a database; `drop` drops it. */
export async function createDatabase(
  server: string,
): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `evt_bench_${crypto.randomUUID().slice(0, 8)}`;
  await onServer(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => onServer(server, `DROP DATABASE ${name} WITH (FORCE)`),
  };
}

async function onServer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
