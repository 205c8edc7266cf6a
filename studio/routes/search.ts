import type { StoreEvent } from "../../core/event.ts";
import { StoreError } from "../../core/errors.ts";
import { checkName } from "../../core/validation.ts";
import type { SearchAnswer } from "../api.ts";
import type { StudioContext } from "../context.ts";
import type { Parameters } from "../parameters.ts";
import { orderOf, positionAt } from "../position_order.ts";
import { invalid } from "../request_error.ts";
import { eventByKey } from "./causation.ts";

const MOST_STREAMS = 20;

/** `GET /api/search` */
export async function search(
  context: StudioContext,
  parameters: Parameters,
): Promise<SearchAnswer> {
  const { store, shown } = context;
  const text = parameters.text("text")?.trim();
  if (!text) throw invalid("Expected text to be given");
  const names = await store.streams();
  const lower = text.toLowerCase();
  const [aggregates, byKey, byPosition] = await Promise.all([
    canBeName(text) ? store.streamsWith(names, text) : [],
    eventByKey(context, text),
    eventAtPosition(context, names, text),
  ]);
  return {
    aggregates: aggregates.map(({ stream, aggregateId, version }) => ({
      stream,
      aggregateId,
      version,
    })),
    streams: names.filter((name) => name.toLowerCase().includes(lower))
      .slice(0, MOST_STREAMS),
    events: await shown.show(
      [byKey, byPosition].filter((one) => one !== undefined),
    ),
  };
}

function canBeName(text: string): boolean {
  try {
    checkName("id", text);
    return true;
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}

async function eventAtPosition(
  { store }: StudioContext,
  names: string[],
  text: string,
): Promise<StoreEvent<any> | undefined> {
  if (!/^[1-9]\d{0,18}$/.test(text)) return undefined;
  const log = await store.logOf(names);
  const order = BigInt(text);
  const start = orderOf(log.start, store.provider);
  if (order <= start) return undefined;
  const before = order - 1n === start
    ? log.start
    : positionAt(order - 1n, log.start);
  const [next] = await log.read(before, 1);
  return next && String(next.position) === text ? next : undefined;
}
