const UNITS: [limit: number, size: number, name: string][] = [
  [90, 1, "s"],
  [90 * 60, 60, "min"],
  [36 * 3600, 3600, "h"],
  [Infinity, 86_400, "d"],
];

/** How long ago a time was: "12 s ago". */
export function ago(at: string | number, now: number = Date.now()): string {
  const seconds = Math.round((now - new Date(at).getTime()) / 1000);
  if (Number.isNaN(seconds)) return "at an unknown time";
  if (Math.abs(seconds) < 2) return "now";
  return seconds > 0 ? `${span(seconds)} ago` : `in ${span(-seconds)}`;
}

/** A number of seconds in the unit that fits: "3 min". */
export function span(seconds: number): string {
  const [, size, name] = UNITS.find(([limit]) => seconds < limit)!;
  return `${Math.round(seconds / size)} ${name}`;
}

/** A time to the millisecond, in the reader's own zone: "2026-11-30 04:05:06.789". */
export function exact(at: string | number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().replace("T", " ").replace("Z", "");
}

/** A number with thin spaces between its thousands. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}
