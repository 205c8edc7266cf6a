// @ts-types="npm:@types/pg@8"
import pg from "pg";
import process from "node:process";
import {
  createAggregate,
  createHandler,
  createProvidedAggregate,
} from "evtstore";
import * as pgProvider from "../providers/pg.ts";
import { type Deposited, fold, STREAM } from "./contender.ts";
import { withDatabase } from "./postgres_database.ts";
import { fillEvents } from "./scale.ts";

/** Events of the one aggregate that is loaded. */
const AGGREGATE = 200_000;
const GOAL_MB = 150;

/** How much memory a handler needs to catch up, and a large aggregate to load. */
export async function runMemory(
  server: string,
  events: number,
  say: (line: string) => void,
): Promise<void> {
  await withDatabase(server, async (url) => {
    const client = new pg.Pool({ connectionString: url });
    await pgProvider.migrate({ client });
    await fillEvents(client, AGGREGATE, "large");
    const others = Math.max(0, events - AGGREGATE);
    for (let stored = 0; stored < others; stored += 100_000) {
      await fillEvents(client, Math.min(100_000, others - stored));
    }
    await client.query("ANALYZE events");
    const provider = pgProvider.createProvider({ client });

    const handler = createHandler<{ [STREAM]: Deposited }>({
      bookmark: "memory",
      streams: [STREAM],
      provider,
    });
    let handled = 0;
    handler.handle(STREAM, "Deposited", async () => void handled++);
    await watchMemory(
      `a handler catches up with ${events.toLocaleString("en")} events`,
      () => handler.runOnce(),
      say,
    );
    if (handled < events) throw new Error(`handled ${handled} of ${events}`);

    const account = createProvidedAggregate({
      ...createAggregate({
        stream: STREAM,
        create: () => ({ cents: 0 }),
        fold: (event: Deposited, account) => fold(event, account),
      }),
      provider,
    });
    await watchMemory(
      `an aggregate of ${AGGREGATE.toLocaleString("en")} events is loaded`,
      async () => {
        const { cents } = await account.getAggregate("large");
        if (cents !== AGGREGATE) throw new Error(`loaded ${cents}`);
      },
      say,
    );
    await client.end();
  });
}

async function watchMemory(
  name: string,
  work: () => Promise<unknown>,
  say: (line: string) => void,
): Promise<void> {
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 20);
  const start = performance.now();
  await work();
  clearInterval(timer);
  const grown = (most - before) / 2 ** 20;
  say(
    `${name}: ${grown.toFixed(0)} MB above the start, ${
      ((performance.now() - start) / 1000).toFixed(1)
    } s (goal: below ${GOAL_MB} MB: ${
      grown < GOAL_MB ? "reached" : "NOT REACHED"
    })`,
  );
}
