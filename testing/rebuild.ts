import type { EventMeta } from "../core/event.ts";
import type { Provider } from "../core/provider.ts";
import { numbered } from "./numbered.ts";
import { record, type Recorder, type RecorderOptions } from "./recorder.ts";
import type { Subject } from "./subject.ts";

/** One aggregate of numbered events, and a handler of each version. */
export function prepareRebuild(subject: Subject): {
  stream: string;
  id: string;
  /** Appends so many more events; the position of the last one. */
  append(more: number): Promise<any>;
  /** A handler of that version. */
  version(version: number, options?: Partial<RecorderOptions>): Recorder;
} {
  const [stream, bookmark] = [subject.unique("stream"), subject.unique("mark")];
  const id = subject.unique("id");
  let count = 0;
  return {
    stream,
    id,
    async append(more: number): Promise<any> {
      const events = numbered(count + more).slice(count);
      await subject.append(stream, id, count + 1, events);
      count += more;
      const log = await subject.log(stream, count);
      return log.at(-1)?.position;
    },
    version: (version: number, options: Partial<RecorderOptions> = {}) =>
      record(subject, {
        streams: stream,
        bookmark,
        ...version > 1 && { version },
        ...options,
      }),
  };
}

/** The numbers of the events that were a replay. */
export function replays({ numbers, metas }: Recorder): unknown[] {
  return numbers.filter((_, index) => (metas[index] as EventMeta).replay);
}

/** The same provider, whose second transaction begins late. */
export function heldAtSecond(
  provider: Provider<any>,
  opened: Promise<void>,
): Provider<any> {
  let count = 0;
  return new Proxy(provider, {
    get(target, key) {
      const member = Reflect.get(target, key);
      if (typeof member !== "function") return member;
      if (key !== "transact") return member.bind(target);
      return async (work: (tx: any) => Promise<unknown>) => {
        if (++count === 2) await opened;
        return await target.transact!(work);
      };
    },
  });
}
