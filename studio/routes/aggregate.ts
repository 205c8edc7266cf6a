import type { StoreEvent } from "../../core/event.ts";
import { readPages } from "../../core/aggregate_pages.ts";
import type {
  AggregateAnswer,
  AggregateEvent,
  Json,
  StateAnswer,
} from "../api.ts";
import type { StudioContext } from "../context.ts";
import { differencesOf } from "../differences.ts";
import type { Parameters } from "../parameters.ts";
import { invalid, RequestError } from "../request_error.ts";
import { Folding } from "../states.ts";

/** How many characters the states of an answer may have together. */
const MOST_STATES = 1_000_000;
const MOST_VERSION = Number.MAX_SAFE_INTEGER;

/** `GET /api/aggregate` */
export async function aggregate(
  context: StudioContext,
  parameters: Parameters,
): Promise<AggregateAnswer> {
  const { store, aggregates, shown } = context;
  const stream = parameters.needed("stream");
  const id = parameters.needed("id");
  const after = parameters.whole("after", [0, MOST_VERSION]) ?? 0;
  const limit = parameters.whole("limit", [1, 500]) ?? 100;
  const known = aggregates.get(stream);
  const last = await store.provider.getLastEventFor(stream, id);
  const answer: AggregateAnswer = {
    stream,
    aggregateId: id,
    version: last?.version ?? 0,
    name: known?.name ?? null,
    events: [],
    next: null,
  };
  const folding = known && await Folding.begin(known, id);
  let before: Json = folding?.state ?? null;
  let length = 0;
  if (folding) answer.before = before;
  for await (const page of pagesOf(context, stream, id)) {
    const wanted = page.filter(({ version }) => version > after)
      .slice(0, limit - answer.events.length);
    const events = await shown.show(wanted);
    const byVersion = new Map(events.map((one) => [one.version, one]));
    for (const { stored } of await shown.read(page)) {
      const event = byVersion.get(stored.version);
      if (!event && stored.version > after) break;
      const hasFailed = folding?.failure !== undefined;
      folding?.next(stored);
      if (!event) {
        if (folding) before = answer.before = folding.state;
        continue;
      }
      const one: AggregateEvent = { ...event };
      if (folding?.failure) {
        if (!hasFailed) one.failure = folding.failure;
      } else if (folding) {
        const state = folding.state;
        one.changes = differencesOf(before, state);
        length += JSON.stringify(state).length;
        if (length <= MOST_STATES) one.state = state;
        before = state;
      }
      answer.events.push(one);
    }
    if (answer.events.length === limit) break;
  }
  const reached = answer.events.at(-1)?.version;
  if (reached !== undefined && reached < answer.version) answer.next = reached;
  return answer;
}

/** `GET /api/state` */
export async function state(
  context: StudioContext,
  parameters: Parameters,
): Promise<StateAnswer> {
  const stream = parameters.needed("stream");
  const id = parameters.needed("id");
  const version = parameters.whole("version", [0, MOST_VERSION]);
  if (version === undefined) throw invalid("Expected version to be given");
  const known = context.aggregates.get(stream);
  const folding = known && await Folding.begin(known, id);
  let reached = 0;
  for await (const page of pagesOf(context, stream, id)) {
    for (const { stored } of await context.shown.read(page)) {
      if (stored.version > version) break;
      folding?.next(stored);
      reached = stored.version;
    }
    if (reached >= version) break;
  }
  if (reached !== version) {
    throw new RequestError(
      404,
      "NOT_FOUND",
      `The aggregate has no version ${version}: its last one is ${reached}`,
    );
  }
  return {
    version,
    ...folding && !folding.failure && { state: folding.state },
    ...folding?.failure && { failure: folding.failure },
  };
}

function pagesOf(
  { store }: StudioContext,
  stream: string,
  id: string,
): AsyncGenerator<StoreEvent<any>[]> {
  return readPages(store.provider, stream, id, undefined, {});
}
