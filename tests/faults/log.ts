import type { StoreEvent } from "evtstore";
import type { FullProvider } from "./stores/store.ts";

/** The streams that faults are tried on: their order is one. */
export const STREAMS: string[] = ["even", "odd"];

/** What is written: a part of a commit that has a name. */
export type Written = {
  type: "Written";
  /** The commit. */
  commit: string;
  /** Which of its events, from 1. */
  part: number;
  /** How many events it has. */
  parts: number;
};

/** The stream that an aggregate is in. */
export function streamOf(aggregateId: string): string {
  return STREAMS[aggregateId.length % 2]!;
}

/** An event's name: "stream aggregate version". */
export function lineOf(
  { stream, aggregateId, version }: {
    stream: string;
    aggregateId: string;
    version: number;
  },
): string {
  return `${stream} ${aggregateId} ${version}`;
}

/** A position as a number, whatever the database has. */
export function orderOf(position: any): bigint {
  if (position === undefined || position === null) return 0n;
  if (typeof position.toBigInt === "function") return position.toBigInt();
  return BigInt(String(position));
}

/**
 * Reads everything that is stored, both ways, and checks what must always
 * hold: one order, no version left out or stored twice, no commit stored in
 * part.
 *
 * @throws {Error} Naming what does not hold.
 */
export async function readLog(
  provider: FullProvider,
): Promise<StoreEvent<Written>[]> {
  const log = await readAll((after) => provider.getEventsFrom(STREAMS, after));
  for (const [index, event] of log.entries()) {
    const before = log[index - 1];
    if (before && orderOf(before.position) >= orderOf(event.position)) {
      throw new Error(`Expected a rising position at ${lineOf(event)}`);
    }
  }
  const aggregates = Map.groupBy(log, ({ aggregateId }) => aggregateId);
  for (const [id, events] of aggregates) {
    const stream = streamOf(id);
    const byVersion = await readAll((after) =>
      provider.getEventsFor(stream, id, after)
    );
    expectLines(byVersion, events, `${id}, read by version and by position`);
    for (const [index, { version, event }] of events.entries()) {
      if (version !== index + 1) {
        throw new Error(`Expected version ${index + 1} of ${id}: ${version}`);
      }
      expectWhole(events, index, event);
    }
  }
  return log;
}

async function readAll(
  read: (after?: any) => Promise<StoreEvent<Written>[]>,
): Promise<StoreEvent<Written>[]> {
  const all: StoreEvent<Written>[] = [];
  for (;;) {
    const page = await read(all.at(-1)?.position);
    if (page.length === 0) return all;
    all.push(...page);
  }
}

function expectLines(
  left: StoreEvent<Written>[],
  right: StoreEvent<Written>[],
  what: string,
): void {
  const [one, other] = [left, right].map((events) =>
    events.map(lineOf).join(", ")
  );
  if (one !== other) {
    throw new Error(`Expected the same of ${what}: ${one}; ${other}`);
  }
}

/** The events of a commit stand one behind the other. */
function expectWhole(
  events: StoreEvent<Written>[],
  index: number,
  { commit, part, parts }: Written,
): void {
  const first = events[index - part + 1]?.event;
  const last = events[index - part + parts]?.event;
  const isWhole = first?.commit === commit && first.part === 1 &&
    last?.commit === commit && last.part === parts;
  if (!isWhole) {
    throw new Error(`Expected commit ${commit} to be whole: part ${part}`);
  }
}
