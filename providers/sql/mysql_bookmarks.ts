import type { SetPositionOptions } from "../../core/provider.ts";
import { isDuplicate } from "./mysql_errors.ts";
import { collision } from "./mysql_events.ts";
import type { MysqlSession } from "./mysql_executor.ts";
import { toPosition } from "./mysql_rows.ts";
import type { MysqlSetup } from "./mysql_setup.ts";
import type { MysqlStore, Operation } from "./mysql_store.ts";

/** Where handlers stand. */
export class MysqlBookmarks<Tx> {
  #store: MysqlStore<Tx>;

  /** @param store Where the table is. */
  constructor(store: MysqlStore<Tx>) {
    this.#store = store;
  }

  /** Where the bookmark stands, or 0. */
  async get(bookmark: string): Promise<number> {
    const operation = { what: "getPosition", facts: { bookmark } };
    return await this.#store.read(
      operation,
      async (session, setup) => await find(session, setup, bookmark) ?? 0,
    );
  }

  /**
   * Moves the bookmark, from `from` only if it is given.
   *
   * @returns Whether it moved.
   */
  async set(
    bookmark: string,
    position: number,
    { from, tx }: SetPositionOptions<Tx> & { from?: number },
  ): Promise<boolean> {
    const operation: Operation<Tx> = {
      what: "setPosition",
      tx,
      facts: { bookmark },
    };
    // In a transaction two that begin at once would wait for each other.
    if (from === 0) await this.#makeSure(bookmark, operation);
    return await this.#store.write(operation, async (session, setup) => {
      // Somebody else's bookmark must not move under a name like it.
      if (!setup.isExact) await find(session, setup, bookmark);
      const { affectedRows } = from === undefined
        ? await session.run(setup.statements.upsertBookmark, [
          bookmark,
          position,
        ])
        : await session.run(setup.statements.moveBookmark, [
          position,
          bookmark,
          from,
        ]);
      return from === undefined || affectedRows === 1;
    });
  }

  async #makeSure(bookmark: string, operation: Operation<Tx>): Promise<void> {
    const alone = { ...operation, tx: undefined };
    await this.#store.write(alone, async (session, setup) => {
      // Looked for without a lock, which the caller's transaction may hold.
      if (await find(session, setup, bookmark) !== undefined) return;
      try {
        await session.run(setup.statements.insertBookmark, [bookmark]);
      } catch (error) {
        if (!isDuplicate(error)) throw error;
      }
    });
  }
}

async function find(
  session: MysqlSession,
  { statements }: MysqlSetup,
  bookmark: string,
): Promise<number | undefined> {
  const [row] = await session.query<{ bookmark: string; position: unknown }>(
    statements.selectBookmark,
    [bookmark],
  );
  if (!row) return undefined;
  if (row.bookmark !== bookmark) {
    throw collision(`bookmark "${bookmark}"`, `"${row.bookmark}"`, {
      bookmark,
    });
  }
  return toPosition(row.position);
}
