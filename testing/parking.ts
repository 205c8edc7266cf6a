import { expect } from "./expect.ts";
import { record, type Recorder, type RecorderOptions } from "./recorder.ts";
import type { Subject } from "./subject.ts";

/** What the callback throws. */
export const problem: Error & { code: string } = Object.assign(
  new Error("bad event"),
  { code: "BAD" },
);

/** A recorder that fails for what is bad until it is repaired. */
export type Parking = Recorder & {
  stream: string;
  /** The numbers of one aggregate's events that were handled. */
  seen(id: string): unknown[];
};

/** Two aggregates of three events in turn; the second of the first one is bad. */
export async function prepareParking(subject: Subject): Promise<{
  failing: string;
  other: string;
  stream: string;
  append(id: string, version: number): Promise<void>;
  repair(): void;
  handlerOf(options?: Partial<RecorderOptions>): Parking;
}> {
  const [stream, bookmark] = [subject.unique("stream"), subject.unique("mark")];
  const [x, y] = [subject.unique("x"), subject.unique("y")];
  let [broken, count] = [true, 0];
  const append = async (id: string, version: number) => {
    const bad = id === x && version === 2;
    const number = version - 1;
    await subject.append(stream, id, version, [
      { type: "Numbered", number, bad },
    ]);
    count++;
  };
  for (let version = 1; version <= 3; version++) {
    for (const id of [x, y]) await append(id, version);
  }
  const log = await subject.log(stream, count);
  expect(log.length === 6, `Expected 6 events: there are ${log.length}`);
  return {
    failing: x,
    other: y,
    stream,
    repair: () => void (broken = false),
    async append(id, version) {
      await append(id, version);
      await subject.log(stream, count);
    },
    handlerOf({ onEvent, ...options } = {}) {
      const seen = new Map<string, unknown[]>();
      const recorder = record(subject, {
        streams: stream,
        bookmark,
        onFailure: "park",
        retry: { times: 0 },
        ...options,
        async onEvent(number, event, id, tx) {
          const bad = broken && event.bad === true;
          if (onEvent) await onEvent(number, { ...event, bad }, id, tx);
          else if (bad) throw problem;
          seen.set(id, [...seen.get(id) ?? [], number]);
        },
      });
      return { ...recorder, stream, seen: (id) => seen.get(id) ?? [] };
    },
  };
}
