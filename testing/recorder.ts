import type { EventMeta } from "../core/event.ts";
import { createHandler } from "../core/handler.ts";
import type {
  DomainHandlerOpts,
  StreamHandler,
} from "../core/handler_options.ts";
import type { ErrorCallback, Provider } from "../core/provider.ts";
import type { Subject, TestEvent } from "./subject.ts";

/** The one type of event that a {@linkcode Recorder} has a callback for. */
export type NumberedEvent = TestEvent & { type: "Numbered" };

/** What one call of `onError` was told. */
export type Report = {
  /** What was thrown. */
  error: unknown;
  /** The stream. */
  stream: string;
  /** The name of the bookmark. */
  bookmark: string;
  /** The event in hand. */
  event: TestEvent | undefined;
};

/** A handler that writes down what it is given. */
export type Recorder = {
  /** The handler; it is stopped at the end of the case. */
  handler: StreamHandler<Record<string, NumberedEvent>, any>;
  /** The numbers of the events that were handled to the end. */
  numbers: unknown[];
  /** Where and when each of those was stored. */
  metas: EventMeta[];
  /** What went to `onError`. */
  reports: Report[];
};

/** What a {@linkcode Recorder} is made of. */
export type RecorderOptions = DomainHandlerOpts & {
  /** The streams it handles. */
  streams: string | string[];
  /** The name of its bookmark; a new one unless given. */
  bookmark?: string;
  /** Called first for each event; if it throws, nothing is written down. */
  onEvent?: (
    number: unknown,
    event: TestEvent,
    id: string,
    tx: any,
  ) => Promise<unknown> | unknown;
  /** The provider, if it is not the one that is tested. */
  provider?: Provider<any>;
};

/** Makes a handler of the events that `numbered` makes. */
export function record(subject: Subject, options: RecorderOptions): Recorder {
  const {
    streams,
    bookmark = subject.unique("bookmark"),
    onEvent = () => {},
    provider = subject.provider,
    ...handlerOptions
  } = options;
  const [numbers, metas, reports]: [unknown[], EventMeta[], Report[]] = [
    [],
    [],
    [],
  ];
  const handler = createHandler<Record<string, NumberedEvent>, any>({
    // Without a watch, polling is all there is.
    poll: 5,
    transactional: false,
    ...handlerOptions,
    bookmark,
    streams: [streams].flat(),
    provider: withOnError(provider, (error, stream, bookmark, event) => {
      reports.push({ error, stream, bookmark, event });
    }),
  }) as StreamHandler<Record<string, NumberedEvent>, any>;
  for (const stream of [streams].flat()) {
    handler.handle(stream, "Numbered", async (id, event, meta, tx) => {
      await onEvent(event.number, event, id, tx);
      numbers.push(event.number);
      metas.push(meta);
    });
  }
  subject.cleanUp(() => handler.stop());
  return { handler, numbers, metas, reports };
}

/** The same provider, whatever it is made of, with an `onError` of the case. */
function withOnError(
  provider: Provider<any>,
  onError: ErrorCallback,
): Provider<any> {
  return new Proxy(provider, {
    get(target, key) {
      if (key === "onError") return onError;
      const member = Reflect.get(target, key);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
