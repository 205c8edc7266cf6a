import { systemClock } from "../../core/clock.ts";
import { StoreError } from "../../core/errors.ts";
import { createHorizonStatements } from "./postgres_horizon_statements.ts";
import { toStoreError } from "./postgres_errors.ts";
import type { PostgresExecutor, PostgresSession } from "./postgres_executor.ts";
import {
  type PostgresTableOptions,
  type PostgresTables,
  toTables,
} from "./postgres_names.ts";
import { wrongSequence } from "./postgres_order.ts";
import { createMigration, type MigrationStep } from "./postgres_schema.ts";

/** How long a lock is waited for: everybody else queues behind a waiting lock. */
const LOCK_TIMEOUT = "2s";
const MAX_ATTEMPTS = 30;
/** How long another migration is waited for, in milliseconds. */
const OTHER_MS = 600_000;
const PAUSE_MS = 200;

const TRY_LOCK =
  "SELECT pg_try_advisory_lock(hashtext('evtstore migrate'), hashtext($1))::integer";
const UNLOCK =
  "SELECT pg_advisory_unlock(hashtext('evtstore migrate'), hashtext($1))::integer";

/** What `migrate` of every PostgreSQL provider does. */
export async function migratePostgres<Tx>(
  executor: PostgresExecutor<Tx>,
  options: PostgresTableOptions & { print?: boolean },
): Promise<string[] | void> {
  const tables = toTables(options);
  try {
    return await executor.session(async (run) => {
      if (!options.print) return await addMissing(tables, run);
      const steps = await createMigration(tables, run);
      return steps.map(({ sql }) => sql);
    });
  } catch (error) {
    throw toStoreError(error, { what: "migrate" });
  }
}

async function addMissing(
  tables: PostgresTables,
  run: PostgresSession,
): Promise<void> {
  const start = systemClock.monotonic();
  for (;;) {
    const steps = await createMigration(tables, run);
    if (steps.length === 0) return await checkSequence(tables, run);
    // Asked for again and again: a statement that waits for the lock holds a
    // snapshot, which an index that is built concurrently would wait for.
    const [row] = await run(TRY_LOCK, [tables.events.quoted]);
    if (Number(row?.[0]) === 1) break;
    if (systemClock.monotonic() - start > OTHER_MS) {
      throw new StoreError(
        "STORE_BUSY",
        `Cannot migrate: another migration has been at work for ${OTHER_MS} ms; look for transactions that do not end, which it may wait for`,
      );
    }
    await systemClock.sleep(PAUSE_MS);
  }
  const unlock = async () => {
    const [row] = await run(UNLOCK, [tables.events.quoted]);
    return Number(row?.[0]) === 1;
  };
  try {
    await runSteps(await createMigration(tables, run), run);
    // IF NOT EXISTS passes over another index or table of that name.
    const [left] = await createMigration(tables, run);
    if (left) {
      throw new StoreError(
        "STORE_FAILED",
        `Cannot migrate: its name is taken by something else in the database: ${left.sql}`,
      );
    }
    await checkSequence(tables, run);
  } catch (error) {
    // A connection that is lost has given the lock back by itself.
    await unlock().catch(() => {});
    throw error;
  }
  if (!await unlock()) throw noSession();
}

async function runSteps(
  steps: MigrationStep[],
  run: PostgresSession,
): Promise<void> {
  const atOnce = steps.filter(({ isConcurrent }) => !isConcurrent);
  if (atOnce.length > 0) await runInTransaction(atOnce, run);
  const concurrent = steps.filter(({ isConcurrent }) => isConcurrent);
  if (concurrent.length > 0) await runConcurrently(concurrent, run);
}

async function runInTransaction(
  steps: MigrationStep[],
  run: PostgresSession,
): Promise<void> {
  for (let attempt = 1;; attempt++) {
    await run("BEGIN ISOLATION LEVEL READ COMMITTED");
    try {
      await run(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
      for (const { sql } of steps) await run(sql);
      await run("COMMIT");
      return;
    } catch (error) {
      await run("ROLLBACK");
      const isLocked = (error as { code?: unknown }).code === "55P03";
      if (!isLocked) throw error;
      if (attempt === MAX_ATTEMPTS) {
        throw new StoreError(
          "LOCK_TIMEOUT",
          `Cannot migrate: a transaction keeps a table locked, as found in ${attempt} attempts; end it and run migrate() again`,
          { cause: error },
        );
      }
    }
    await systemClock.sleep(systemClock.random() * 1000);
  }
}

async function runConcurrently(
  steps: MigrationStep[],
  run: PostgresSession,
): Promise<void> {
  // It takes as long as the table is large and the oldest transaction old.
  const before = new Map<string, string>();
  for (const name of ["lock_timeout", "statement_timeout"]) {
    const [row] = await run(
      "SELECT current_setting($1), set_config($1, '0', false)",
      [name],
    );
    before.set(name, String(row?.[0]));
  }
  try {
    for (const { sql } of steps) await run(sql);
  } finally {
    for (const [name, value] of before) {
      await run("SELECT set_config($1, $2, false)", [name, value]);
    }
  }
}

async function checkSequence(
  tables: PostgresTables,
  run: PostgresSession,
): Promise<void> {
  const { selectWrongSequence } = createHorizonStatements(tables);
  const wrong = await run(selectWrongSequence, [tables.events.quoted]);
  if (wrong.length > 0) throw wrongSequence(tables.events);
}

function noSession(): StoreError {
  return new StoreError(
    "NOT_SUPPORTED",
    "Cannot migrate through a pooler that gives each statement another connection: connect to the server itself",
  );
}
