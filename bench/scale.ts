// @ts-types="npm:@types/pg@8"
import pg from "pg";
import { createHandler } from "evtstore";
import * as pgProvider from "../providers/pg.ts";
import { deposit, type Deposited, STREAM } from "./contender.ts";
import { withDatabase } from "./postgres_database.ts";

const CALLERS = [1, 2, 4, 8, 16, 32, 64];
const HANDLERS = [1, 5, 10, 20, 50];
const APPENDS = 1000;
const BATCH = 10_000;

/** How PostgreSQL does with a log of up to `most` events. */
export async function runScale(
  server: string,
  most: number,
  say: (line: string) => void,
): Promise<void> {
  await withDatabase(server, async (url) => {
    const client = new pg.Pool({ connectionString: url, max: 20 });
    await pgProvider.migrate({ client });
    const provider = pgProvider.createProvider({ client });
    const append = (id: string) =>
      provider.append(
        STREAM,
        id,
        1,
        provider.createEvents(STREAM, id, 1, [deposit()]),
      );
    let stored = 0;
    for (let size = 1000; size <= most; size *= 10) {
      for (; stored < size; stored += BATCH) {
        await fillEvents(client, Math.min(BATCH, size - stored));
      }
      stored = size;
      await client.query("ANALYZE events");
      say(`\n${size.toLocaleString("en")} events`);
      for (const callers of CALLERS) {
        const start = performance.now();
        await Promise.all(
          Array.from({ length: callers }, async () => {
            const each = Math.ceil(APPENDS / callers);
            for (let index = 0; index < each; index++) {
              await append(crypto.randomUUID());
            }
          }),
        );
        const seconds = (performance.now() - start) / 1000;
        say(
          `  ${callers} callers: ${(APPENDS / seconds).toFixed(0)} appends/s`,
        );
      }
      for (const count of HANDLERS) {
        const last = await provider.getLastEventFor(STREAM);
        let handled = 0;
        const handlers = Array.from({ length: count }, (_, index) => {
          const handler = createHandler<{ [STREAM]: Deposited }>({
            bookmark: `of ${count} number ${index} at ${size}`,
            streams: [STREAM],
            provider,
          });
          handler.handle(STREAM, "Deposited", async () => void handled++);
          return handler;
        });
        for (const handler of handlers) {
          await provider.setPosition(handler.name, last!.position - 1000);
        }
        const start = performance.now();
        await Promise.all(handlers.map((handler) => handler.runOnce()));
        const seconds = (performance.now() - start) / 1000;
        say(
          `  ${count} handlers: ${(handled / seconds).toFixed(0)} events/s`,
        );
      }
    }
    await client.end();
  });
}

/** Stores events as fast as the server can make them. */
export async function fillEvents(
  client: pg.Pool,
  count: number,
  aggregateId?: string,
): Promise<void> {
  await client.query(
    `INSERT INTO events (stream, aggregate_id, version, timestamp, event)
     SELECT $1::text, coalesce($4::text, gen_random_uuid()::text),
       CASE WHEN $4::text IS NULL THEN 1 ELSE n END, now(), $2::text
     FROM generate_series(1, $3::integer) AS n`,
    [STREAM, JSON.stringify(deposit()), count, aggregateId ?? null],
  );
}
