import { listParked } from "../../core/parked_records.ts";
import type { HandlerControls } from "../../core/handler_options.ts";
import { StoreError } from "../../core/errors.ts";
import { describeThrown } from "../answers.ts";
import type {
  DiscardAnswer,
  DiscardRequest,
  ParkedAnswer,
  RetryAnswer,
  RetryRequest,
} from "../api.ts";
import type { StudioContext } from "../context.ts";
import type { Parameters } from "../parameters.ts";
import { invalid, RequestError } from "../request_error.ts";
import { toTime } from "../shown_events.ts";

const MOST_SHOWN = 1000;

/** `GET /api/parked` */
export async function parked(
  { store, handlers, write }: StudioContext,
  parameters: Parameters,
): Promise<ParkedAnswer> {
  const bookmark = parameters.name("bookmark");
  const found = (await listParked(store.provider))
    .filter((one) => bookmark === undefined || one.bookmark === bookmark);
  return {
    parked: found.slice(0, MOST_SHOWN).map((
      { at, error, position, ...one },
    ) => ({
      bookmark: one.bookmark,
      stream: one.stream,
      aggregateId: one.aggregateId,
      version: one.version,
      lastVersion: one.lastVersion,
      failures: one.failures,
      at: toTime(at),
      ...position !== undefined && { position: String(position) },
      ...error && { error },
      canRetry: write && handlers.some(({ name }) => name === one.bookmark),
    })),
    more: found.length > MOST_SHOWN,
  };
}

/** `POST /api/retry` */
export async function retry(
  context: StudioContext,
  body: unknown,
): Promise<RetryAnswer> {
  const { bookmark, stream, aggregateId } = readTarget<RetryRequest>(body);
  const handler = handlerOf(context, bookmark);
  try {
    return { handled: await handler.replay({ stream, aggregateId }) };
  } catch (error) {
    const code = error instanceof StoreError ? error.code : undefined;
    const isOwn = code === "INVALID_INPUT" || code === "BOOKMARK_MOVED";
    if (isOwn) throw error;
    return { handled: 0, failure: describeThrown(error) };
  }
}

/** `POST /api/discard` */
export async function discard(
  context: StudioContext,
  body: unknown,
): Promise<DiscardAnswer> {
  const { bookmark, stream, aggregateId, version } = readTarget<
    DiscardRequest
  >(body);
  if (!Number.isSafeInteger(version) || version < 1) {
    throw invalid("Expected version to be a whole number above 0");
  }
  const handler = handlerOf(context, bookmark);
  return {
    discarded: await handler.discard({ stream, aggregateId, version }),
  };
}

function readTarget<T extends RetryRequest>(body: unknown): T {
  const given = (body ?? {}) as { [key: string]: unknown };
  for (const name of ["bookmark", "stream", "aggregateId"]) {
    if (typeof given[name] !== "string" || given[name] === "") {
      throw invalid(`Expected ${name} to be a text`);
    }
  }
  return given as T;
}

/** What a handler has parked is done by its own code, and by nothing else. */
function handlerOf(
  { handlers }: StudioContext,
  bookmark: string,
): HandlerControls {
  const handler = handlers.find(({ name }) => name === bookmark);
  if (handler) return handler;
  throw new RequestError(
    501,
    "NOT_SUPPORTED",
    `This needs the code of handler "${bookmark}": export it in handlers from a config file, and start the studio with --config`,
  );
}
