import { type Clock, systemClock } from "../../core/clock.ts";
import type { MysqlStatements } from "./mysql.ts";
import { isLockTimeout } from "./mysql_errors.ts";
import type { MysqlSession } from "./mysql_executor.ts";

/** Readers of this process wait for the writers no oftener than this. */
const PAUSE_MS = 25;
/** For so long only the moments without a writer are used, in milliseconds. */
const TRY_MS = 50;
/** After waiting in vain it is not done again for so long, in milliseconds. */
const BACK_OFF_MS = 10_000;
/** How long one wait may hold up the writers behind it, in seconds. */
const WAIT_SECONDS = 1;

/**
 * Lets a reader find a moment when the writers that were at work have ended.
 * They share a row, and while a reader waits for it, further writers wait
 * behind: so it tries without waiting, waits once if that does not help, and
 * then leaves the writers alone for long.
 */
export class ReaderBarrier {
  #statements: MysqlStatements;
  #clock: Clock;
  #notBefore = -Infinity;
  #waitNotBefore: number | undefined;

  /** @param statements How to lock the row. */
  constructor(statements: MysqlStatements, clock: Clock = systemClock) {
    this.#statements = statements;
    this.#clock = clock;
  }

  /** @returns Whether all writers that were at work have ended. */
  async pass(session: MysqlSession): Promise<boolean> {
    const now = this.#clock.monotonic();
    if (now < this.#notBefore) return false;
    this.#notBefore = now + PAUSE_MS;
    this.#waitNotBefore ??= now + TRY_MS;
    const mayWait = now >= this.#waitNotBefore;
    try {
      const rows = mayWait
        ? await this.#wait(session)
        : await session.query(this.#statements.tryBarrier);
      this.#waitNotBefore = undefined;
      // Without its row nobody waits for anybody.
      return rows.length === 1;
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      if (mayWait) {
        this.#waitNotBefore = this.#clock.monotonic() + BACK_OFF_MS;
      }
      return false;
    }
  }

  async #wait(session: MysqlSession): Promise<unknown[]> {
    const [found] = await session.query<{ seconds: number }>(
      "SELECT @@SESSION.innodb_lock_wait_timeout AS seconds",
    );
    const set = "SET SESSION innodb_lock_wait_timeout = ?";
    await session.run(set, [WAIT_SECONDS]);
    try {
      return await session.query(this.#statements.waitBarrier);
    } finally {
      await session.run(set, [Number(found?.seconds ?? 50)]);
    }
  }
}
