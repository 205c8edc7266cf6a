import { createProvider } from "evtstore/provider/memory";
import type { StoreEvent } from "../../core/event.ts";
import { FakeClock } from "../../core/fake_clock.ts";
import type { EventPage, Provider } from "../../core/provider.ts";
import { SliceLog } from "../../core/slice_log.ts";
import { allSlices, sliceOf } from "../../core/slices.ts";

/** How the log of a test reads. */
type Read = (position: any) => Promise<EventPage<any>>;

/** A log in memory, read for slices. */
export type TestSliceLog = {
  log: SliceLog;
  /** From where it was read, each time. */
  reads: any[];
  clock: FakeClock;
  shared: Provider<any>;
  append(id: string, count?: number): Promise<StoreEvent<any>[]>;
  /** Reads all that there is for a slice, from a place. */
  readAll(
    slice: number,
    from: any,
  ): Promise<{ found: StoreEvent<any>[]; from: any }>;
};

/** @param change What it does instead of a read. */
export function openSliceLog(
  change: (read: Read) => Read = (read) => read,
): TestSliceLog {
  const shared = createProvider();
  const clock = new FakeClock();
  const reads: any[] = [];
  const provider: Provider<any> = {
    ...shared,
    getEventsFrom: (streams, position, limit) => {
      reads.push(position);
      return change((from) => shared.getEventsFrom(streams, from, limit))(
        position,
      );
    },
  };
  const versions = new Map<string, number>();
  const append = async (id: string, count = 1) => {
    const version = (versions.get(id) ?? 0) + 1;
    const plain = Array.from({ length: count }, () => ({ type: "Done" }));
    const events = shared.createEvents("a", id, version, plain);
    versions.set(id, version + count - 1);
    return await shared.append("a", id, version, events);
  };
  const log = new SliceLog(provider, { streams: ["a"], clock });
  const readAll = async (slice: number, from: any) => {
    const found: StoreEvent<any>[] = [];
    while (true) {
      const page = await log.read(slice, from);
      found.push(...page);
      from = page.scannedTo ?? page.at(-1)?.position;
      if (page.length === 0) return { found, from };
    }
  };
  return { log, append, readAll, reads, clock, shared };
}

/** An id of a slice. */
export function idIn(slice: number, but: string[] = []): string {
  for (let index = 0;; index++) {
    const id = `id${index}`;
    if (sliceOf({ stream: "a", aggregateId: id }) !== slice) continue;
    if (!but.includes(id)) return id;
  }
}

/** Events in short, as "aggregate:version". */
export const names = (events: StoreEvent<any>[]): string[] =>
  events.map(({ aggregateId, version }) => `${aggregateId}:${version}`);
/** The same of some versions of an aggregate. */
export const versionsOf = (id: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `${id}:${from + index}`);

/** Lets a log be read as it comes, and says which slices were to be stored. */
export function runSliceLog(
  { log }: TestSliceLog,
): { stored: number[]; stop(): Promise<void> } {
  const stop = new AbortController();
  const stored: number[] = [];
  const running = log.run(stop.signal, 1000, (slice) => stored.push(slice));
  return {
    stored,
    async stop() {
      stop.abort();
      for (const slice of allSlices) log.leave(slice);
      await running;
    },
  };
}
