import { setTimeout as sleep } from "node:timers/promises";
import { readPages } from "../core/aggregate_pages.ts";
import type { StoreEvent } from "../core/event.ts";
import { textOf, textsOf, timeOf, type Values, wholeOf } from "./arguments.ts";
import type { Command, CommandContext } from "./command.ts";
import { UsageError } from "./failure.ts";
import { startOfLog } from "../core/start_of_log.ts";
import { readLog } from "./log_pages.ts";
import { parsePosition } from "./position.ts";
import { catalogOf, type Store } from "./store.ts";
import type { Terminal } from "./terminal.ts";
import { toJson, visible } from "./text.ts";

const DEFAULT_LIMIT = 100;
const POLL_MS = 500;

/** `events` */
export const eventsCommand: Command = {
  name: "events",
  usage: "",
  summary: "Show events, in their order",
  options: {
    stream: {
      type: "string",
      value: "NAME",
      multiple: true,
      help: "Only of this stream; may be repeated",
    },
    aggregate: { type: "string", value: "ID", help: "Only of this aggregate" },
    type: {
      type: "string",
      value: "TYPE",
      multiple: true,
      help: "Only of this type; may be repeated",
    },
    since: { type: "string", value: "TIME", help: "Not before this time" },
    until: { type: "string", value: "TIME", help: "Before this time" },
    after: {
      type: "string",
      value: "POSITION",
      help: "Begin behind this position",
    },
    limit: {
      type: "string",
      value: "N",
      help: `At most so many; ${DEFAULT_LIMIT} unless given, or --follow`,
    },
    follow: {
      type: "boolean",
      short: "f",
      help: "Go on with new events, until interrupted",
    },
  },
  positionals: [0, 0],
  async run(context) {
    const { values, terminal, json } = context;
    const isWanted = filterOf(values);
    const limit = wholeOf(values, "limit") ??
      (values.follow ? Infinity : DEFAULT_LIMIT);
    let count = 0;
    for await (const event of eventsOf(context)) {
      if (count >= limit || terminal.signal.aborted) break;
      if (!isWanted(event)) continue;
      terminal.out(json ? toJson(toObject(event)) : toLine(event));
      count++;
    }
    if (count === limit && !values.follow && !json) {
      terminal.err(`The first ${count}: more with --limit, or --after`);
    }
  },
};

/** An event as JSON shows it. */
export function toObject(event: StoreEvent<any>): object {
  const { position, stream, aggregateId, version, timestamp } = event;
  return {
    position: String(position),
    stream,
    aggregateId,
    version,
    timestamp: new Date(timestamp).toISOString(),
    event: event.event,
    ...event.metadata && { metadata: event.metadata },
  };
}

/** An event as a line. */
export function toLine(event: StoreEvent<any>): string {
  const { type, ...content } = event.event ?? {};
  return [
    String(event.position),
    new Date(event.timestamp).toISOString(),
    `${visible(event.stream)}/${visible(event.aggregateId)}@${event.version}`,
    visible(String(type)),
    visible(toJson(content)),
  ].join("  ");
}

function filterOf(values: Values): (event: StoreEvent<any>) => boolean {
  const types = textsOf(values, "type");
  const aggregate = textOf(values, "aggregate");
  const since = timeOf(values, "since");
  const until = timeOf(values, "until");
  return ({ aggregateId, event, timestamp }) => {
    const at = new Date(timestamp);
    return (aggregate === undefined || aggregateId === aggregate) &&
      (types.length === 0 || types.includes(event?.type)) &&
      (!since || at >= since) && (!until || at < until);
  };
}

async function* eventsOf(
  { store, values, terminal }: CommandContext,
): AsyncGenerator<StoreEvent<any>> {
  const { provider } = store;
  const wanted = textsOf(values, "stream");
  const aggregate = textOf(values, "aggregate");
  const { follow } = values;
  let position = await startOfLog(provider);
  const after = textOf(values, "after");
  if (after !== undefined) position = parsePosition(after, position);
  if (aggregate !== undefined && !follow && after === undefined) {
    // By the index of the aggregate, not through the whole log.
    for (const stream of await streamsOf(store, wanted)) {
      yield* eventsOfAggregate(store, stream, aggregate);
    }
    return;
  }
  while (!terminal.signal.aborted) {
    const streams = await streamsOf(store, wanted);
    for await (const page of readLog(provider, streams, position)) {
      yield* page;
      position = page.at(-1)!.position;
      if (terminal.signal.aborted) return;
    }
    if (!follow) return;
    await waitForMore(store, terminal);
  }
}

async function streamsOf(store: Store, wanted: string[]): Promise<string[]> {
  return wanted.length > 0 ? wanted : await catalogOf(store).streams();
}

/** Until something may be new, which an append of another process tells late. */
async function waitForMore(
  { provider }: Store,
  { signal }: Terminal,
): Promise<void> {
  const woken = new AbortController();
  const unwatch = provider.watch?.(() => woken.abort());
  const end = () => woken.abort();
  signal.addEventListener("abort", end, { once: true });
  await sleep(POLL_MS, undefined, { signal: woken.signal }).catch(() => {});
  signal.removeEventListener("abort", end);
  unwatch?.();
}

/** All events of an aggregate, by version. */
export async function* eventsOfAggregate(
  { provider }: Store,
  stream: string,
  aggregateId: string,
): AsyncGenerator<StoreEvent<any>> {
  const pages = readPages(provider, stream, aggregateId, undefined, {});
  for await (const page of pages) yield* page;
}

/**
 * The one stream that has an aggregate.
 *
 * @throws {UsageError} If none has it, or several.
 */
export async function streamOf(
  store: Store,
  aggregateId: string,
  given: string | undefined,
): Promise<string> {
  const found: string[] = [];
  for (const stream of await streamsOf(store, given ? [given] : [])) {
    if (await store.provider.getLastEventFor(stream, aggregateId)) {
      found.push(stream);
    }
  }
  if (found.length === 1) return found[0]!;
  throw new UsageError(
    found.length === 0
      ? `There is no aggregate "${visible(aggregateId)}"${
        given === undefined ? "" : ` in stream "${visible(given)}"`
      }`
      : `Several streams have an aggregate "${
        visible(aggregateId)
      }": give --stream, one of ${found.map(visible).join(", ")}`,
  );
}
