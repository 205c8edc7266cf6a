import { StoreError } from "../../core/errors.ts";
import { readOwners } from "../../core/bookmark_owners.ts";
import {
  countBehind,
  listHandlers,
  ownerOf,
} from "../../core/listed_handlers.ts";
import { listParked } from "../../core/parked_records.ts";
import { startOfLog } from "../../core/start_of_log.ts";
import type {
  HandledAnswer,
  HandlersAnswer,
  LagSample,
  StudioHandler,
} from "../api.ts";
import type { StudioContext } from "../context.ts";
import type { Parameters } from "../parameters.ts";
import { invalid } from "../request_error.ts";
import { toTime } from "../shown_events.ts";

/** How long an answer counts for others who ask, in milliseconds. */
const FRESH_MS = 1000;
const SAMPLE_MS = 5000;
const MOST_SAMPLES = 360;
const AT_ONCE = 4;

type Known = { at: number; handlers: Promise<StudioHandler[]> };

/** What handlers are behind by, now and as far as somebody has asked before. */
export class HandlerLags {
  #context: StudioContext;
  #known: Known | undefined;
  #samples: LagSample[] = [];
  #sampledAt = -Infinity;

  /** @param context What to read. */
  constructor(context: StudioContext) {
    this.#context = context;
  }

  /** `GET /api/handlers` */
  async answer(): Promise<HandlersAnswer> {
    const now = performance.now();
    if (!this.#known || now - this.#known.at > FRESH_MS) {
      this.#known = { at: now, handlers: readHandlers(this.#context) };
    }
    const known = this.#known;
    let handlers: StudioHandler[];
    try {
      handlers = await known.handlers;
    } catch (error) {
      if (this.#known === known) this.#known = undefined;
      throw error;
    }
    const at = new Date().toISOString();
    if (now - this.#sampledAt >= SAMPLE_MS) {
      this.#sampledAt = now;
      this.#samples.push({ at, lags: toLags(handlers) });
      if (this.#samples.length > MOST_SAMPLES) this.#samples.shift();
    }
    return { at, handlers, samples: this.#samples };
  }
}

function toLags(handlers: StudioHandler[]): LagSample["lags"] {
  return Object.fromEntries(
    handlers.map(({ bookmark, lag: { events, seconds } }) => [
      bookmark,
      { events, seconds },
    ]),
  );
}

async function readHandlers(context: StudioContext): Promise<StudioHandler[]> {
  const { store, handlers } = context;
  const { provider } = store;
  const [streams, stored, start, owners, parked] = await Promise.all([
    store.streams(),
    provider.catalog!.bookmarks(),
    startOfLog(provider),
    readOwners(provider),
    listParked(provider),
  ]);
  const rows = listHandlers(stored, start, handlers)
    .toSorted((one, other) => one.bookmark < other.bookmark ? -1 : 1);
  const found: StudioHandler[] = [];
  for (let next = 0; next < rows.length; next += AT_ONCE) {
    const some = rows.slice(next, next + AT_ONCE);
    found.push(
      ...await Promise.all(some.map(async (row) => {
        const { bookmark } = row;
        const known = handlers.find(({ name }) => name === bookmark);
        const status = await known?.status();
        const { position, lag } = status
          // One that has never started stands nowhere.
          ? { ...status, ...row.places ? {} : { position: row.position } }
          : await countBehind(provider, streams, row);
        const own = parked.filter((one) => one.bookmark === bookmark);
        const newest = own.filter(({ error }) => error)
          .toSorted((one, other) => other.at - one.at)[0];
        return {
          bookmark,
          position: position === undefined ? null : String(position),
          lag: { ...lag, of: known ? "its streams" : "all streams" },
          isKnown: known !== undefined,
          owner: ownerOf(row, owners) ?? null,
          parked: own.length,
          lastError: newest?.error
            ? {
              name: newest.error.name,
              message: newest.error.message,
              at: toTime(newest.at),
            }
            : null,
        } satisfies StudioHandler;
      })),
    );
  }
  return found;
}

/** `GET /api/handled` */
export async function handled(
  { handlers }: StudioContext,
  parameters: Parameters,
): Promise<HandledAnswer> {
  const stream = parameters.needed("stream");
  const id = parameters.needed("id");
  const version = parameters.whole("version", [1, Number.MAX_SAFE_INTEGER]);
  if (version === undefined) throw invalid("Expected version to be given");
  const found = await Promise.all(handlers.map(async (handler) => {
    try {
      // One look: it gives up before it would look again.
      await handler.handled(stream, id, version, { timeout: Number.MIN_VALUE });
      return { bookmark: handler.name, state: "handled" as const };
    } catch (error) {
      const code = error instanceof StoreError ? error.code : undefined;
      if (code === "HANDLER_BEHIND") {
        return { bookmark: handler.name, state: "behind" as const };
      }
      if (code === "EVENT_PARKED") {
        return { bookmark: handler.name, state: "parked" as const };
      }
      // It has other streams.
      if (code === "INVALID_INPUT") return undefined;
      throw error;
    }
  }));
  return { handlers: found.filter((one) => one !== undefined) };
}
