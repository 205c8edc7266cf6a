import { StoreError } from "../../core/errors.ts";
import { systemClock } from "../../core/clock.ts";
import { errnoOf, toStoreError } from "./mysql_errors.ts";
import type { MysqlExecutor, MysqlSession } from "./mysql_executor.ts";
import type { MysqlTables } from "./mysql_names.ts";
import { type Change, createMigration } from "./mysql_schema.ts";
import { checkSession } from "./mysql_setup.ts";

/** How {@linkcode migrateMysql} works. */
export type MysqlMigrateOptions = {
  /** Return the statements, and run none. */
  print: boolean;
  /** Also make the columns of evtstore 12 larger, by copying its tables. */
  rebuild: boolean;
};

/**
 * While an ALTER waits behind one idle reader, everybody else waits behind it:
 * so it gives up soon and tries again, in seconds.
 */
const LOCK_WAIT_SECONDS = 2;
/** How long it is tried, in milliseconds. */
const PATIENCE_MS = 60_000;
/** The server or the table cannot do it by that algorithm. */
const UNSUPPORTED = [1221, 1845, 1846];

/**
 * Makes the tables, or adds to them what is missing.
 *
 * @returns The statements, with `print`.
 */
export async function migrateMysql<Tx>(
  executor: MysqlExecutor<Tx>,
  tables: MysqlTables,
  { print, rebuild }: MysqlMigrateOptions,
): Promise<string[]> {
  try {
    return await executor.session(undefined, async (session) => {
      await checkSession(session);
      if (print) {
        const changes = await createMigration(session, tables, rebuild);
        return changes.map(({ text }) => text);
      }
      await alone(session, async () => {
        for (const change of await createMigration(session, tables, rebuild)) {
          await patiently(session, change);
        }
      });
      return [];
    });
  } catch (error) {
    throw toStoreError(error, { what: "migrate" });
  }
}

/** Two that migrate at once would make the same index twice. */
async function alone(
  session: MysqlSession,
  work: () => Promise<void>,
): Promise<void> {
  const name = "CONCAT('evtstore.', LEFT(DATABASE(), 50))";
  const [lock] = await session.query<{ held: number | null }>(
    `SELECT GET_LOCK(${name}, 60) AS held`,
  );
  if (Number(lock?.held) !== 1) {
    throw new StoreError(
      "STORE_BUSY",
      "Cannot run migrate: another process has been migrating this database for a minute",
    );
  }
  const [found] = await session.query<{ seconds: number }>(
    "SELECT @@SESSION.lock_wait_timeout AS seconds",
  );
  const setTimeout = "SET SESSION lock_wait_timeout = ?";
  await session.run(setTimeout, [LOCK_WAIT_SECONDS]);
  try {
    await work();
  } finally {
    await session.run(setTimeout, [Number(found?.seconds ?? 86_400)]);
    await session.query(`SELECT RELEASE_LOCK(${name})`);
  }
}

async function patiently(
  session: MysqlSession,
  { text, otherwise }: Change,
): Promise<void> {
  const start = systemClock.monotonic();
  let statement = text;
  for (;;) {
    try {
      await session.run(statement);
      return;
    } catch (error) {
      if (UNSUPPORTED.includes(errnoOf(error)) && otherwise !== undefined) {
        statement = otherwise;
        otherwise = undefined;
        continue;
      }
      const isLocked = errnoOf(error) === 1205;
      if (!isLocked || systemClock.monotonic() - start > PATIENCE_MS) {
        throw error;
      }
    }
    // Whoever queued behind it has its turn.
    await systemClock.sleep(200 + systemClock.random() * 800);
  }
}
