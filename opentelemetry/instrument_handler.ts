import { type BatchObservableCallback, metrics } from "@opentelemetry/api";
import type { HandlerControls } from "../core/handler_options.ts";
import type { HandlerState } from "../core/handler_status.ts";
import { errorTypeOf } from "./failure.ts";
import { instrumentsOf } from "./instruments.ts";
import { attribute, SCOPE } from "./names.ts";
import type { Meter } from "./sdk_types.ts";

/** Options of {@linkcode instrumentHandler}. */
export type HandlerInstrumentOptions = {
  /** Makes the metrics. Default: one of the meter provider that is registered. */
  meter?: Meter;
};

/**
 * Makes metrics of a handler: how far it is behind, in events and seconds, what
 * is parked, its failures, and the changes of its lease. Lag and what is parked
 * are read from the store when metrics are collected, and only then.
 *
 * @example
 * ```ts
 * import { createHandler } from "evtstore";
 * import { instrumentHandler } from "evtstore/opentelemetry";
 * import { createProvider } from "evtstore/provider/memory";
 *
 * const mails = createHandler<{ accounts: { type: "Opened" } }>({
 *   bookmark: "mails",
 *   streams: ["accounts"],
 *   provider: createProvider(),
 * });
 * const end = instrumentHandler(mails);
 * // when the handler is stopped for good
 * end();
 * ```
 *
 * @param handler Any handler, or a process manager's.
 * @param options Other than what is registered with `@opentelemetry/api`.
 * @returns A function that ends it.
 */
export function instrumentHandler(
  handler: Pick<HandlerControls, "name" | "observe" | "status">,
  { meter = metrics.getMeter(SCOPE) }: HandlerInstrumentOptions = {},
): () => void {
  const { failures, leaseChanges, gauges } = instrumentsOf(meter);
  const own = {
    [attribute.messagingSystem]: SCOPE,
    [attribute.messagingConsumerGroup]: handler.name,
  };
  const leaseChange = leaseWatcher();
  const unobserve = handler.observe((change) => {
    if (change.type === "failed") {
      failures.add(1, {
        ...own,
        [attribute.outcome]: change.outcome,
        [attribute.errorType]: errorTypeOf(change.failure.error),
      });
    }
    const changed = change.type === "state" && leaseChange(change.state);
    if (changed) {
      leaseChanges.add(1, { ...own, [attribute.leaseChange]: changed });
    }
  });
  const read: BatchObservableCallback = async (result) => {
    const { lag, parked } = await handler.status();
    result.observe(gauges.lagEvents, lag.events, own);
    result.observe(gauges.lagTime, lag.seconds, own);
    result.observe(gauges.parkedEvents, parked.events, own);
    result.observe(gauges.parkedAggregates, parked.aggregates, own);
  };
  const observed = Object.values(gauges);
  meter.addBatchObservableCallback(read, observed);
  return () => {
    unobserve();
    meter.removeBatchObservableCallback(read, observed);
  };
}

type LeaseChange = "acquired" | "lost" | "released";

/**
 * What a state says of the lease. Who has one has stood by before, if only for
 * a moment; a handler without one never does.
 */
function leaseWatcher(): (state: HandlerState) => LeaseChange | undefined {
  let place: "none" | "waiting" | "holding" = "none";
  return (state) => {
    const before = place;
    if (state === "standby") place = "waiting";
    else if (state === "stopped" || state === "retired") place = "none";
    else if (before === "waiting") place = "holding";
    if (before === place) return undefined;
    if (place === "holding") return "acquired";
    if (before !== "holding") return undefined;
    return place === "waiting" ? "lost" : "released";
  };
}
