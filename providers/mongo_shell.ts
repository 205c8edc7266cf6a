import type { MongoTimestamp } from "./mongo_driver.ts";

/** A statement of a migration, done or only written down. */
export type Step = (text: string, run: () => Promise<unknown>) => Promise<void>;

/** A position that is only written down. */
export class PrintedTimestamp implements MongoTimestamp {
  readonly _bsontype = "Timestamp" as const;
  #halves: { t: number; i: number };

  constructor(halves: { t: number; i: number }) {
    this.#halves = halves;
  }

  getHighBitsUnsigned(): number {
    return this.#halves.t;
  }

  getLowBitsUnsigned(): number {
    return this.#halves.i;
  }
}

/** A collection, as `mongosh` has it. */
export function shellCollection(name: string): string {
  return `db.getCollection(${JSON.stringify(name)})`;
}

/** A value, as `mongosh` reads it. */
export function toShell(value: unknown): string {
  if (isTimestamp(value)) {
    const [t, i] = [value.getHighBitsUnsigned(), value.getLowBitsUnsigned()];
    return `Timestamp({ t: ${t}, i: ${i} })`;
  }
  if (Array.isArray(value)) return `[${value.map(toShell).join(", ")}]`;
  const isPlain = typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain) return JSON.stringify(value);
  const entries = Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${toShell(item)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

function isTimestamp(value: unknown): value is MongoTimestamp {
  return (value as { _bsontype?: unknown } | null)?._bsontype === "Timestamp";
}
