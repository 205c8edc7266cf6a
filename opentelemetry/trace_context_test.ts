import { createTraceState } from "@opentelemetry/api";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoreEvent } from "../core/event.ts";
import { linksTo, traceContextOf, withTraceContext } from "./trace_context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
const traceparent = `00-${traceId}-${spanId}-01`;

const event = (metadata?: object): StoreEvent<any> =>
  ({ event: { type: "Opened" }, metadata }) as any;

test("a trace context is stored and read again", () => {
  const traceState = createTraceState("a=1,b=2");
  const [stored] = withTraceContext([event({ userId: "u1" })], {
    ...{ traceId, spanId, traceState },
    traceFlags: 1,
  });
  assert.deepEqual(stored!.metadata, {
    userId: "u1",
    traceparent,
    tracestate: "a=1,b=2",
  });
  const read = traceContextOf(stored!.metadata)!;
  assert.deepEqual(
    { ...read, traceState: read.traceState!.serialize() },
    { traceId, spanId, traceFlags: 1, isRemote: true, traceState: "a=1,b=2" },
  );
});

test("the inherited trace context is replaced as a whole", () => {
  const inherited = event({ traceparent: "other", tracestate: "of=other" });
  const [stored] = withTraceContext([inherited], {
    ...{ traceId, spanId },
    traceFlags: 0,
  });
  assert.deepEqual(stored!.metadata, {
    traceparent: `00-${traceId}-${spanId}-00`,
  });
  assert.equal(inherited.metadata!.traceparent, "other");
});

test("an invalid one is not stored", () => {
  const events = [event()];
  const zero = { traceId: "0".repeat(32), spanId: "0".repeat(16) };
  assert.equal(withTraceContext(events, { ...zero, traceFlags: 0 }), events);
});

test("what is no trace context links to nothing", () => {
  const wrong = [
    undefined,
    1,
    {},
    "",
    "00",
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `${traceparent}\n`,
    `00-${traceId}-${spanId}`,
    ` ${traceparent}`,
  ];
  for (const traceparent of wrong) {
    const found = traceContextOf({ traceparent });
    assert.equal(found, undefined, JSON.stringify(traceparent));
  }
  assert.equal(traceContextOf(undefined), undefined);
});

test("a later version of the format is read as far as it is known", () => {
  const later = `cc-${traceId}-${spanId}-03-more`;
  const { traceFlags } = traceContextOf({ traceparent: later })!;
  assert.equal(traceFlags, 1);
});

test("a state that is too long is left out", () => {
  const tracestate = `a=${"x".repeat(600)}`;
  const found = traceContextOf({ traceparent, tracestate });
  assert.equal(found!.spanId, spanId);
  assert.equal(found!.traceState, undefined);
});

test("several events of one command are one link", () => {
  const links = linksTo([{ traceparent }, { traceparent }, {}, undefined]);
  assert.deepEqual(links.map(({ context }) => context.spanId), [spanId]);
});
