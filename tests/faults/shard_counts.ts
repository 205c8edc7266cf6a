/** How the work of processes that share a handler compares with the log. */
export type ShardCounts = {
  /** Events in the log. */
  events: number;
  /** Events that nobody has handled. */
  missed: number;
  /** Events that were handled before the one in front of them. */
  unordered: number;
  /** Times that an event was handled again. */
  repeated: number;
  /** Of those, what was handled by two of which neither was killed. */
  needless: number;
  /** Handled events that are not in the log. */
  invented: number;
};

/**
 * Compares what was handled with what is stored.
 *
 * @param events Each as `lineOf` writes it.
 * @param handled "NAME EVENT" of each that was handled, in the order of all.
 * @param killed The names of the processes that were killed.
 */
export function countShared(
  events: string[],
  handled: string[],
  killed: ReadonlySet<string>,
): ShardCounts {
  const stored = new Set(events);
  const by = new Map<string, string[]>();
  const highest = new Map<string, number>();
  let unordered = 0;
  for (const line of handled) {
    const name = line.slice(0, line.indexOf(" "));
    const event = line.slice(name.length + 1);
    by.set(event, [...by.get(event) ?? [], name]);
    const at = event.lastIndexOf(" ");
    const aggregate = event.slice(0, at);
    const version = Number(event.slice(at + 1));
    const before = highest.get(aggregate) ?? 0;
    if (version > before + 1) unordered++;
    highest.set(aggregate, Math.max(before, version));
  }
  const repeats = [...by.values()].filter(({ length }) => length > 1);
  return {
    events: events.length,
    missed: events.filter((event) => !by.has(event)).length,
    unordered,
    repeated: handled.length - by.size,
    needless:
      repeats.filter((names) => !names.some((name) => killed.has(name))).length,
    invented: [...by.keys()].filter((event) => !stored.has(event)).length,
  };
}
