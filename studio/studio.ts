import type { HandlerControls } from "../core/handler_options.ts";
import type { Provider } from "../core/provider.ts";
import { answer, failed, json } from "./answers.ts";
import { type StudioContext, StudioStore } from "./context.ts";
import { findAggregates } from "./domain_module.ts";
import { Guard } from "./guard.ts";
import { pageFiles } from "./page_bundle.ts";
import { Parameters } from "./parameters.ts";
import { invalid, RequestError } from "./request_error.ts";
import { aggregate, state } from "./routes/aggregate.ts";
import { causation } from "./routes/causation.ts";
import { events } from "./routes/events.ts";
import { handled, HandlerLags } from "./routes/handlers.ts";
import { overview } from "./routes/overview.ts";
import { discard, parked, retry } from "./routes/parked.ts";
import { search } from "./routes/search.ts";
import { streams } from "./routes/streams.ts";
import { tail } from "./routes/tail.ts";
import { ShownEvents } from "./shown_events.ts";

/** The most bytes of a request's body. */
const MOST_BODY = 65_536;

/** Options of {@linkcode createStudio}. */
export type StudioOptions = {
  /**
   * What everybody who asks has to know: at least 16 letters, digits, `-` or
   * `_`, drawn at random at each start.
   */
  token: string;
  /**
   * What shows the states of aggregates: a module, or any object, that has
   * aggregates in it, made by `createAggregate` or `createDomain`. They are told
   * apart by their streams.
   */
  domain?: object | undefined;
  /** The handlers whose parked events can be retried; they are not started. */
  handlers?: readonly HandlerControls[] | undefined;
  /** Whether what is parked may be retried and discarded. Default: false. */
  write?: boolean | undefined;
  /** Whether to decrypt what is personal. Default: false. */
  personal?: boolean | undefined;
  /**
   * The hosts with their ports, such as `127.0.0.1:4983`, by which it may be
   * asked. Default: the names of this machine for itself, with any port.
   */
  hosts?: readonly string[] | undefined;
  /** Told of what failed, before it is answered as an error. */
  onError?: ((error: unknown) => void) | undefined;
  /** What it says the version of this library is. */
  libraryVersion?: string | undefined;
};

/** Answers a request; what comes as an error is answered too. */
export type Studio = (request: Request) => Promise<Response>;

type Route = (
  context: StudioContext,
  parameters: Parameters,
  request: Request,
) => Promise<object>;

type Change = (context: StudioContext, body: unknown) => Promise<object>;

/**
 * Makes the studio: a page that shows a store, and what it asks, as a function
 * from request to response. `evtstore studio` serves it on loopback; a server
 * of one's own can do so too, at the root of an origin that nobody else can
 * reach. Without `write` it changes nothing.
 *
 * @example
 * ```ts
 * import { createAggregate } from "evtstore";
 * import { createProvider } from "evtstore/provider/memory";
 * import { createStudio } from "evtstore/studio";
 * import assert from "node:assert/strict";
 *
 * const order = createAggregate({
 *   stream: "orders",
 *   create: () => ({ paid: false }),
 *   fold: (event: { type: "Placed" | "Paid" }) => ({ paid: event.type === "Paid" }),
 * });
 * const provider = createProvider();
 * const events = provider.createEvents("orders", "o-1", 1, [{ type: "Paid" }]);
 * await provider.append("orders", "o-1", 1, events);
 *
 * const token = crypto.randomUUID();
 * const studio = createStudio(provider, { token, domain: { order } });
 * const request = new Request(
 *   "http://localhost/api/aggregate?stream=orders&id=o-1",
 *   { headers: { authorization: `Bearer ${token}` } },
 * );
 * const { events: [first] } = await (await studio(request)).json();
 * assert.deepEqual(first.changes, [{ path: ["paid"], before: false, after: true }]);
 * ```
 *
 * @param provider The store.
 * @param options Who may ask, and what is known beside the store.
 * @returns What answers requests.
 * @throws {TypeError} For a token that could be guessed.
 */
export function createStudio(
  provider: Provider<any>,
  options: StudioOptions,
): Studio {
  const guard = new Guard(options);
  const known = options.domain ? findAggregates(options.domain) : [];
  const aggregates = new Map(known.map((one) => [one.stream, one]));
  const context: StudioContext = {
    store: new StudioStore(provider),
    handlers: options.handlers ?? [],
    aggregates,
    shown: new ShownEvents(provider, aggregates, options.personal === true),
    write: options.write === true,
    libraryVersion: options.libraryVersion ?? "unknown",
  };
  const lags = new HandlerLags(context);
  const reads: { [path: string]: Route } = {
    "/api/overview": overview,
    "/api/streams": streams,
    "/api/events": events,
    "/api/tail": tail,
    "/api/aggregate": aggregate,
    "/api/state": state,
    "/api/causation": causation,
    "/api/handled": handled,
    "/api/handlers": () => lags.answer(),
    "/api/parked": parked,
    "/api/search": search,
  };
  const changes: { [path: string]: Change } = {
    "/api/retry": retry,
    "/api/discard": discard,
  };

  async function respond(request: Request): Promise<Response> {
    guard.checkOrigin(request);
    const url = new URL(request.url);
    const { pathname } = url;
    const { method } = request;
    const file = pageOf(pathname);
    if (file && method === "GET") {
      const cookie = pathname === "/" ? await guard.enter(request) : undefined;
      if (cookie === undefined) await guard.checkToken(request);
      const response = answer(file.body, file.type);
      if (cookie !== undefined) response.headers.set("set-cookie", cookie);
      return response;
    }
    await guard.checkToken(request);
    const route = Object.hasOwn(reads, pathname) ? reads[pathname] : undefined;
    const change = Object.hasOwn(changes, pathname)
      ? changes[pathname]
      : undefined;
    if (change) {
      if (method !== "POST") throw wrongMethod("POST");
      return json(await change(context, await readChange(request)));
    }
    if (file || route) {
      if (method !== "GET") throw wrongMethod("GET");
      const found = await route!(context, new Parameters(url), request);
      return found instanceof Response ? found : json(found);
    }
    throw new RequestError(404, "NOT_FOUND", "There is nothing of this name");
  }

  /** What to change, if anything may be. */
  async function readChange(request: Request): Promise<unknown> {
    if (!context.write) {
      throw new RequestError(
        403,
        "READ_ONLY",
        "This studio changes nothing: start it with --write",
      );
    }
    const [type] = (request.headers.get("content-type") ?? "").split(";");
    if (type!.trim().toLowerCase() !== "application/json") {
      throw new RequestError(
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        "Expected a body of application/json",
      );
    }
    const text = await request.text();
    if (text.length > MOST_BODY) throw invalid("The body is too large");
    try {
      return JSON.parse(text);
    } catch {
      throw invalid("The body is no JSON");
    }
  }

  return async (request) => {
    try {
      return await respond(request);
    } catch (error) {
      if (!(error instanceof RequestError)) options.onError?.(error);
      return failed(error);
    }
  };
}

function pageOf(path: string): { type: string; body: string } | undefined {
  return Object.hasOwn(pageFiles, path)
    ? pageFiles[path as keyof typeof pageFiles]
    : undefined;
}

function wrongMethod(method: string): RequestError {
  return new RequestError(
    405,
    "METHOD_NOT_ALLOWED",
    `Ask this with ${method}`,
  );
}
