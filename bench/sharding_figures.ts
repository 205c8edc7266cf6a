/** An event of a run. Its place in the list is its name. */
export type Appended = {
  /** Its aggregate. */
  aggregate: string;
  /** What is owned as a whole: its slice. */
  slice: number;
  /** When it could be read, in milliseconds of the run; 0 is the start. */
  at: number;
};

/** An event that a process was done with. */
export type Handled = {
  /** Its place in the list of what was appended. */
  event: number;
  /** The process. */
  process: number;
  /** When its callback returned, in milliseconds of the run. */
  at: number;
};

/** A process that ended. */
export type Ended = {
  /** The process. */
  process: number;
  /** When, in milliseconds of the run. */
  at: number;
  /** Whether it was killed, and did not end by itself. */
  killed: boolean;
};

/** What happened in a run, whether it was simulated or measured. */
export type Trace = {
  /** The events, each where the log has it. */
  appended: Appended[];
  /** What was handled, in the order of time. */
  handled: Handled[];
  /** The processes that ended, in the order of time. */
  ended: Ended[];
};

/** What a run is judged by. */
export type Figures = {
  /** Events handled for the first time, in a second of the window. */
  perSecond: number;
  /** Milliseconds from an event's append to the end of its first callback. */
  lag: { median: number; p99: number; most: number };
  /** The slices of each process at the end of the window, most first. */
  slices: number[];
  /** What became of the slices of each process that ended. */
  takeOvers: TakeOver[];
  /** Events whose callback returned more than once. */
  repeated: number;
  /** Events that nobody handled. */
  missed: number;
  /** Events first handled before an earlier one of their aggregate. */
  disordered: number;
};

/**
 * How long slices stood still when their process ended, in milliseconds: of each
 * from the end, or the append of its next event if that is later, until another
 * process has handled that. The shortest and the longest of them.
 */
export type TakeOver = { killed: boolean; first: number; most: number };

/** The part of a run that speed and balance are taken from, in milliseconds. */
export type Window = { from: number; to: number };

/**
 * The figures of a run.
 *
 * @param window For `perSecond`, `lag` and `slices`; all of it otherwise.
 */
export function figuresOf(trace: Trace, window?: Window): Figures {
  const { appended, handled } = trace;
  const first = new Map<number, Handled>();
  let repeated = 0;
  for (const one of handled) {
    if (first.has(one.event)) repeated++;
    else first.set(one.event, one);
  }
  const last = handled.at(-1)?.at ?? 0;
  const { from, to } = window ?? { from: 0, to: last };
  const inside = [...first.values()].filter(({ at }) => at > from && at <= to);
  return {
    perSecond: to > from ? inside.length / ((to - from) / 1000) : 0,
    lag: lagOf(inside.map(({ event, at }) => at - appended[event]!.at)),
    slices: slicesOf(trace, to),
    takeOvers: takeOversOf(trace),
    repeated,
    missed: appended.length - first.size,
    disordered: disordered(trace, first),
  };
}

/** The lag of the events that were handled in each part of a run. */
export function lagOver(
  trace: Trace,
  partMs: number,
): { from: number; handled: number; lag: Figures["lag"] }[] {
  const parts = new Map<number, number[]>();
  const seen = new Set<number>();
  for (const { event, at } of trace.handled) {
    if (seen.has(event)) continue;
    seen.add(event);
    const part = Math.floor(at / partMs);
    const lags = parts.get(part) ?? [];
    lags.push(at - trace.appended[event]!.at);
    parts.set(part, lags);
  }
  return [...parts]
    .sort(([one], [other]) => one - other)
    .map(([part, lags]) => ({
      from: part * partMs,
      handled: lags.length,
      lag: lagOf(lags),
    }));
}

/** How far a prediction is from what was measured, as a share of the latter. */
export function errorOf(predicted: number, measured: number): number {
  return predicted === measured ? 0 : (predicted - measured) / measured;
}

function lagOf(lags: number[]): Figures["lag"] {
  const sorted = lags.toSorted((one, other) => one - other);
  const at = (share: number) =>
    sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return { median: at(0.5), p99: at(0.99), most: sorted.at(-1) ?? 0 };
}

/** Who handled each slice last, counted by process. */
function slicesOf({ appended, handled }: Trace, until: number): number[] {
  const owners = new Map<number, number>();
  for (const { event, process, at } of handled) {
    if (at > until) break;
    owners.set(appended[event]!.slice, process);
  }
  const counts = new Map<number, number>();
  for (const process of owners.values()) {
    counts.set(process, (counts.get(process) ?? 0) + 1);
  }
  return [...counts.values()].sort((one, other) => other - one);
}

function takeOversOf({ appended, handled, ended }: Trace): TakeOver[] {
  return ended.flatMap(({ process, at: end, killed }) => {
    const owners = new Map<number, number>();
    const taken = new Map<number, number>();
    for (const { event, process: by, at } of handled) {
      const { slice, at: since } = appended[event]!;
      if (at <= end) owners.set(slice, by);
      else if (
        by !== process && owners.get(slice) === process && !taken.has(slice)
      ) taken.set(slice, at - Math.max(end, since));
    }
    const waits = [...taken.values()];
    if (waits.length === 0) return [];
    return { killed, first: Math.min(...waits), most: Math.max(...waits) };
  });
}

function disordered(
  { appended, handled }: Trace,
  first: Map<number, Handled>,
): number {
  const reached = new Map<string, number>();
  let count = 0;
  for (const one of handled) {
    if (first.get(one.event) !== one) continue;
    const { aggregate } = appended[one.event]!;
    if (one.event < (reached.get(aggregate) ?? -1)) count++;
    else reached.set(aggregate, one.event);
  }
  return count;
}
