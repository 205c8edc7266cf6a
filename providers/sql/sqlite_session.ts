/** What a statement is bound to. */
export type SqliteValue = string | number | null;

/** What a driver answers: at once, or later. */
export type Answer<T> = T | Promise<T>;

/** Runs statements on one and the same connection. */
export type SqliteSession = {
  /** All rows. */
  all<Row>(sql: string, ...values: SqliteValue[]): Answer<Row[]>;
  /** All rows, each as its values in the order of its columns. */
  lists<Row extends unknown[]>(
    sql: string,
    ...values: SqliteValue[]
  ): Answer<Row[]>;
  /** The first row. */
  get<Row>(sql: string, ...values: SqliteValue[]): Answer<Row | undefined>;
  /** @returns How many rows were changed. */
  run(sql: string, ...values: SqliteValue[]): Answer<number>;
};

/**
 * Goes on with an answer, in the same turn of the event loop if it is there: a
 * transaction of `node:sqlite` must be over before anybody else runs.
 */
export function after<T, Result>(
  answer: Answer<T>,
  next: (value: T) => Answer<Result>,
): Answer<Result> {
  return answer instanceof Promise ? answer.then(next) : next(answer);
}

/** Works on one item when the one before it has its answer. */
export function inTurn<Item, T>(
  items: readonly Item[],
  work: (item: Item, index: number) => Answer<T>,
): Answer<T[]> {
  const results: T[] = [];
  const from = (start: number): Answer<T[]> => {
    for (let index = start; index < items.length; index++) {
      const answer = work(items[index]!, index);
      if (answer instanceof Promise) {
        return answer.then((result) => {
          results.push(result);
          return from(index + 1);
        });
      }
      results.push(answer);
    }
    return results;
  };
  return from(0);
}
