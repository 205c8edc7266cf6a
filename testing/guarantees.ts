/** A short name for each guarantee of GUARANTEES.md, for failure texts. */
const names = [
  "atomic",
  "one winner",
  "never skipped",
  "in order",
  "at least once, and exactly once in one transaction",
  "one active handler a bookmark",
  "nothing is silent",
  "graceful",
  "bad input is refused",
  "no way in",
];

/** What a failure text calls a guarantee. */
export function describeGuarantee(number: number): string {
  return `Guarantee ${number} (${names[number - 1]})`;
}
