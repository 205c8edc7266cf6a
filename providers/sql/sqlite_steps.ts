/** What a statement is bound to. */
export type SqliteValue = string | number | null;

/** A statement that is to be run, and what of its result is wanted. */
export type Statement = {
  readonly wants: "all" | "get" | "run";
  readonly sql: string;
  readonly values: readonly SqliteValue[];
};

/**
 * What to do with a database, one statement after another, without saying
 * whether its driver answers at once or later.
 *
 * @typeParam T What comes of it.
 */
export type Steps<T> = Generator<Statement, T, any>;

/** All rows. */
export function* all<Row>(sql: string, ...values: SqliteValue[]): Steps<Row[]> {
  return yield { wants: "all", sql, values };
}

/** The first row. */
export function* get<Row>(
  sql: string,
  ...values: SqliteValue[]
): Steps<Row | undefined> {
  return yield { wants: "get", sql, values };
}

/** How many rows were changed. */
export function* run(sql: string, ...values: SqliteValue[]): Steps<number> {
  return yield { wants: "run", sql, values };
}

/** Takes all steps at once, in this turn of the event loop. */
export function takeNow<T>(
  steps: Steps<T>,
  answer: (statement: Statement) => unknown,
): T {
  let step = steps.next();
  while (!step.done) step = steps.next(answer(step.value));
  return step.value;
}

/** Takes each step when the one before it has its answer. */
export async function takeInTurn<T>(
  steps: Steps<T>,
  answer: (statement: Statement) => Promise<unknown>,
): Promise<T> {
  let step = steps.next();
  while (!step.done) step = steps.next(await answer(step.value));
  return step.value;
}
