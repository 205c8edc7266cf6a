import type { MongoTimestamp } from "./mongo_driver.ts";

/** What the collection of events lets in, beside what the application asks. */
export type Fence = "none" | "closed" | {
  /** Positions that are let in are higher. */
  after: MongoTimestamp;
  /** The highest of them. */
  until: MongoTimestamp;
};

/** A validator of the collection, taken apart. */
export type Fenced = {
  fence: Fence;
  /** The application's own validator. */
  own: object | undefined;
};

const CLOSED = { _id: { $exists: false } };

/**
 * The validator that keeps older writers out: what they draw from a clock is no
 * position that it lets in. Ours comes first, so that it is known again.
 */
export function toValidator({ fence, own }: Fenced): object {
  const clauses = [
    ...fence === "none" ? [] : [toClause(fence)],
    ...own ? [own] : [],
  ];
  return clauses.length === 0 ? {} : { $and: clauses };
}

/** Takes a validator apart. */
export function fromValidator(validator: object | undefined): Fenced {
  const clauses = (validator as { $and?: unknown[] } | undefined)?.$and;
  const own = isEmpty(validator) ? undefined : validator;
  if (!Array.isArray(clauses)) return { fence: "none", own };
  const fence = fromClause(clauses[0]);
  if (fence === "none" || clauses.length > 2) return { fence: "none", own };
  return { fence, own: clauses[1] as object | undefined };
}

function toClause(fence: Exclude<Fence, "none">): object {
  return fence === "closed"
    ? CLOSED
    : { position: { $gt: fence.after, $lte: fence.until } };
}

function fromClause(clause: unknown): Fence {
  if (JSON.stringify(clause) === JSON.stringify(CLOSED)) return "closed";
  const range = (clause as {
    position?: { $gt?: MongoTimestamp; $lte?: MongoTimestamp };
  } | null)?.position;
  return range?.$gt && range.$lte
    ? { after: range.$gt, until: range.$lte }
    : "none";
}

function isEmpty(value: object | undefined): boolean {
  return value === undefined || Object.keys(value).length === 0;
}
