import {
  type Context,
  createContextKey,
  createTraceState,
  isSpanContextValid,
  type Link,
  type SpanContext,
} from "@opentelemetry/api";
import type { EventMetadata, StoreEvent } from "../core/event.ts";

/** As W3C says: a later version may add fields behind these. */
const TRACEPARENT =
  /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
/** More than that nobody has to pass on. */
const MOST_STATE = 512;

const CREATION = createContextKey("evtstore: what makes events");

/** A context in which `span` is what makes the events that are appended. */
export function asCreation(context: Context, span: SpanContext): Context {
  return context.setValue(CREATION, span);
}

/** The command or callback that this is part of, if it is of one. */
export function creationOf(context: Context): SpanContext | undefined {
  return context.getValue(CREATION) as SpanContext | undefined;
}

/** The events with where they were made, as W3C trace context. */
export function withTraceContext<E extends StoreEvent<any>>(
  events: E[],
  span: SpanContext,
): E[] {
  // There is none where nothing is set up to record spans.
  if (!isSpanContextValid(span)) return events;
  const flags = span.traceFlags.toString(16).padStart(2, "0");
  const traceparent = `00-${span.traceId}-${span.spanId}-${flags}`;
  const tracestate = span.traceState?.serialize();
  return events.map((one) => {
    // That of a handled event is inherited, and is not of this trace.
    const { tracestate: _, ...metadata } = one.metadata ?? {};
    return {
      ...one,
      metadata: { ...metadata, traceparent, ...tracestate && { tracestate } },
    };
  });
}

/** Where something was made; undefined for what is not a trace context. */
export function traceContextOf(
  metadata: EventMetadata | undefined,
): SpanContext | undefined {
  const { traceparent, tracestate } = metadata ?? {};
  if (typeof traceparent !== "string") return undefined;
  const [, version, traceId, spanId, flags, more] =
    TRACEPARENT.exec(traceparent) ?? [];
  if (!version || version === "ff" || (version === "00" && more)) {
    return undefined;
  }
  const context: SpanContext = {
    traceId: traceId!,
    spanId: spanId!,
    traceFlags: parseInt(flags!, 16) & 1,
    isRemote: true,
  };
  if (!isSpanContextValid(context)) return undefined;
  if (typeof tracestate === "string" && tracestate.length <= MOST_STATE) {
    context.traceState = createTraceState(tracestate);
  }
  return context;
}

/** Links to what made some events, one to each. */
export function linksTo(
  metadata: Iterable<EventMetadata | undefined>,
): Link[] {
  const links = new Map<string, Link>();
  for (const one of metadata) {
    const context = traceContextOf(one);
    if (context) links.set(`${context.traceId}-${context.spanId}`, { context });
  }
  return [...links.values()];
}
