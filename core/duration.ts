import { StoreError } from "./errors.ts";

/** The milliseconds of each unit. */
const UNITS = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
} as const;

/**
 * How long something takes: a number and `ms`, `s`, `m`, `h` or `d`, as `"24h"`
 * or `"1.5s"`. A day has 24 hours.
 */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/**
 * A duration in milliseconds.
 *
 * @throws {StoreError} `INVALID_INPUT` for what is no duration.
 */
export function toMs(field: string, duration: Duration): number {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration) ?? [];
  const ms = Number(count) * UNITS[unit as keyof typeof UNITS];
  if (Number.isFinite(ms)) return Math.round(ms);
  throw new StoreError(
    "INVALID_INPUT",
    `Expected ${field} to be a number and one of ms, s, m, h and d, as "24h": got ${
      JSON.stringify(duration)
    }`,
    { field },
  );
}
