import type { StreamHandler } from "../core/handler_options.ts";
import type { Provider } from "../core/provider.ts";
import { sliceOf } from "../core/slices.ts";
import { expect, expectSame } from "./expect.ts";
import { record, type RecorderOptions } from "./recorder.ts";
import type { Subject } from "./subject.ts";
import { eventually } from "./time.ts";

/** What one event was, and which handler of the case has handled it. */
type Handled = { id: string; version: number; by: number };

/** Handlers that share one bookmark, each as if in a process of its own. */
export class SharedWork {
  readonly stream: string;
  readonly bookmark: string;
  /** What was handled to the end, in order. */
  readonly handled: Handled[] = [];
  /** How many events each aggregate has. */
  readonly versions: Map<string, number> = new Map();
  #subject: Subject;
  #handlers = 0;

  /** @param subject What is tested. */
  constructor(subject: Subject) {
    this.#subject = subject;
    this.stream = subject.unique("stream");
    this.bookmark = subject.unique("bookmark");
  }

  /** New aggregates without events. */
  ids(count: number): string[] {
    return Array.from({ length: count }, () => this.#subject.unique("id"));
  }

  /** In which slice an aggregate is. */
  sliceOf(aggregateId: string): number {
    return sliceOf({ stream: this.stream, aggregateId });
  }

  /** Appends an event to each of some aggregates. */
  async append(ids: string[]): Promise<void> {
    for (const id of ids) {
      const version = (this.versions.get(id) ?? 0) + 1;
      const event = { type: "Numbered", number: version };
      await this.#subject.append(this.stream, id, version, [event]);
      this.versions.set(id, version);
    }
  }

  /** Appends so many events to each, and waits until the log has all there are. */
  async fill(ids: string[], times = 1): Promise<void> {
    for (let time = 0; time < times; time++) await this.append(ids);
    const all = [...this.versions.values()];
    const count = all.reduce((sum, version) => sum + version, 0);
    await this.#subject.log(this.stream, count);
  }

  /** One more handler, which is not started. */
  handler(
    options: Partial<RecorderOptions> & { provider?: Provider<any> } = {},
  ): StreamHandler<any, any> {
    // It looks as often as needed where nothing tells of what is new.
    return this.#handler({ shards: 8, poll: 100, ...options });
  }

  /** The same without `shards`. */
  unshared(options: Partial<RecorderOptions> = {}): StreamHandler<any, any> {
    return this.#handler(options);
  }

  #handler(
    { onEvent, ...options }: Partial<RecorderOptions> & {
      provider?: Provider<any>;
    },
  ): StreamHandler<any, any> {
    const by = this.#handlers++;
    return record(this.#subject, {
      ...{ streams: this.stream, bookmark: this.bookmark, ...options },
      onEvent: async (number, event, id, tx) => {
        await onEvent?.(number, event, id, tx);
        this.handled.push({ id, version: Number(number), by });
      },
    }).handler;
  }

  /** The versions of an aggregate that were handled, in order. */
  seen(id: string): number[] {
    return this.handled.filter((one) => one.id === id)
      .map(({ version }) => version);
  }

  /** Waits until so many events were handled. */
  async untilHandled(count: number): Promise<void> {
    // Slices may have to change hands first.
    const patience = this.#subject.patience * 4;
    const seen = await eventually(
      () => this.handled.length,
      (seen) => seen >= count,
      patience,
    );
    expect(
      seen >= count,
      `Expected ${count} events to be handled within ${patience} ms: there were ${seen}`,
    );
  }

  /** Fails unless each event was handled once, those of an aggregate in order. */
  expectAllInOrder(): void {
    for (const [id, version] of this.versions) {
      const all = Array.from({ length: version }, (_, index) => index + 1);
      expectSame(this.seen(id), all, "the versions handled of an aggregate");
    }
  }
}
