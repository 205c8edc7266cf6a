import type { TailMessage } from "../api.ts";
import { sleepUnless, systemClock } from "../../core/clock.ts";
import { answer, describe } from "../answers.ts";
import type { StudioContext } from "../context.ts";
import { PAGE_SIZE } from "../log_windows.ts";
import type { Parameters } from "../parameters.ts";
import { orderOf, positionAt, readOrder } from "../position_order.ts";
import { RequestError } from "../request_error.ts";

const POLL_MS = 1000;
const HEARTBEAT_MS = 15_000;
const MOST_SHOWN = 200;
const MOST_OPEN = 16;

/** How many tails are open, of each studio. */
const open = new WeakMap<StudioContext, number>();

/** `GET /api/tail` */
export async function tail(
  context: StudioContext,
  parameters: Parameters,
  request: Request,
): Promise<Response> {
  if ((open.get(context) ?? 0) >= MOST_OPEN) {
    throw new RequestError(
      429,
      "TOO_MANY_REQUESTS",
      `${MOST_OPEN} pages follow the log already: close one`,
    );
  }
  const stream = parameters.name("stream");
  const given = request.headers.get("last-event-id") || parameters.text("from");
  const from = given ? readOrder(given) : undefined;
  const begin = await placeOf(context, stream, from);
  const left = new AbortController();
  const signal = AbortSignal.any([left.signal, request.signal]);
  const encoder = new TextEncoder();
  open.set(context, (open.get(context) ?? 0) + 1);
  let isOpen = true;
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    open.set(context, open.get(context)! - 1);
  };
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (text: string) => {
        if (!signal.aborted) controller.enqueue(encoder.encode(text));
      };
      send(": the log\n\n");
      follow(context, stream, begin, send, signal).finally(() => {
        close();
        if (!left.signal.aborted) controller.close();
      });
    },
    cancel() {
      left.abort();
      close();
    },
  });
  return answer(body, "text/event-stream");
}

/** Where to begin: behind a position, or at the end. */
async function placeOf(
  { store }: StudioContext,
  stream: string | undefined,
  from: bigint | undefined,
): Promise<any> {
  const start = await store.start();
  if (from === undefined) return await store.safeEnd(stream);
  return from <= orderOf(start, store.provider)
    ? start
    : positionAt(from, start);
}

async function follow(
  context: StudioContext,
  stream: string | undefined,
  begin: any,
  send: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { store } = context;
  let position = begin;
  let sentAt = performance.now();
  let woken = new AbortController();
  const unwatch = store.provider.watch?.(() => woken.abort());
  const tell = (message: TailMessage, id = "") => {
    send(`${id}data: ${JSON.stringify(message)}\n\n`);
    sentAt = performance.now();
  };
  try {
    while (!signal.aborted) {
      woken = new AbortController();
      try {
        const found = await readNew(context, stream, position);
        if (found) {
          position = found.reached;
          tell(found.message, `id: ${position}\n`);
          continue;
        }
      } catch (error) {
        tell({ kind: "error", error: describe(error) });
        // Of a database that is away nothing is heard either.
        woken = new AbortController();
      }
      if (performance.now() - sentAt >= HEARTBEAT_MS) {
        send(": still here\n\n");
        sentAt = performance.now();
      }
      await sleepUnless(systemClock, POLL_MS, signal, woken);
    }
  } finally {
    unwatch?.();
  }
}

/** What is new behind a position, as far as anybody can read that much. */
async function readNew(
  { store, shown }: StudioContext,
  stream: string | undefined,
  position: any,
): Promise<{ message: TailMessage; reached: any } | undefined> {
  const names = stream === undefined ? await store.streams() : [stream];
  const log = await store.logOf(names);
  const page = await log.read(position, PAGE_SIZE);
  const last = page.at(-1);
  if (!last) return undefined;
  if (page.length <= MOST_SHOWN) {
    const events = await shown.show(page);
    return { message: { kind: "events", events }, reached: last.position };
  }
  const more = page.length >= PAGE_SIZE;
  return {
    message: { kind: "skipped", events: page.length, more },
    reached: more ? await store.safeEnd(stream) : last.position,
  };
}
