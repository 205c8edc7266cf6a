import type { Provider } from "evtstore";

/** A line of the board. */
export type BoardLine = {
  customerId: string;
  cents: number;
  state: string;
  /** Who placed it, as the metadata of its first event says. */
  by: string;
  /** How many pieces: since version 2. */
  pieces?: number;
};

/** Whom the board writes to. */
export type BoardCustomer = { name: string; email: string };

/**
 * Rows of the board by their key, in the `records` of the provider, so that
 * they are on every database. Tables of your own do as well: see the bank.
 */
export type Table<Row, Tx> = {
  get(key: string, tx?: Tx): Promise<Row | undefined>;
  /** Changes some columns; without a row it makes one. */
  change(key: string, columns: Partial<Row>, tx: Tx): Promise<void>;
  remove(key: string, tx?: Tx): Promise<void>;
  all(): Promise<Map<string, Row>>;
};

/** The two tables of a version of the board: each version has its own. */
export function boardTables<Tx>(
  provider: Provider<any, Tx>,
  version: number,
): { lines: Table<BoardLine, Tx>; customers: Table<BoardCustomer, Tx> } {
  return {
    lines: createTable(provider, `shop.board-${version}`),
    customers: createTable(provider, `shop.board-customers-${version}`),
  };
}

/** Removes what a board has of a customer, whichever version is live. */
export async function forgetOnBoards(
  provider: Provider<any>,
  customerId: string,
): Promise<void> {
  for (const version of [1, 2]) {
    await boardTables(provider, version).customers.remove(customerId);
  }
}

function createTable<Row, Tx>(
  { records }: Provider<any, Tx>,
  kind: string,
): Table<Row, Tx> {
  if (!records) throw new Error("The board needs a provider with records");
  const within = (tx?: Tx) => tx === undefined ? {} : { tx };
  return {
    get: async (key, tx) => (await records.get(kind, key, within(tx)))?.value,
    async change(key, columns, tx) {
      const found = await records.get(kind, key, { tx });
      const row = { ...found?.value, ...columns };
      const revision = found?.revision ?? 0;
      if (await records.put(kind, key, row, { revision, tx })) return;
      throw new Error(`Somebody else has written ${key}`);
    },
    async remove(key, tx) {
      await records.remove(kind, key, within(tx));
    },
    async all() {
      const found = await records.list(kind);
      return new Map(found.map(({ key, value }) => [key, value]));
    },
  };
}
