import { metrics, trace } from "@opentelemetry/api";
import type { Provider, ProviderOrPromise } from "../core/provider.ts";
import { mapProvider, overlay } from "../core/provider_overlay.ts";
import { instrumentsOf } from "./instruments.ts";
import { OBSERVER } from "../core/work_observer.ts";
import { SCOPE, systemOf } from "./names.ts";
import type { Meter, Tracer } from "./sdk_types.ts";
import { storeOperations } from "./store_operations.ts";
import { workSpans } from "./work_spans.ts";

/** Options of {@linkcode instrument}. */
export type InstrumentOptions = {
  /** Makes the spans. Default: one of the tracer provider that is registered. */
  tracer?: Tracer;
  /** Makes the metrics. Default: one of the meter provider that is registered. */
  meter?: Meter;
  /**
   * What the semantic conventions call the database (`db.system.name`), such as
   * `"mariadb"`. Default: what the provider's `driver` says; `"other_sql"` with
   * Knex, which does not tell.
   */
  system?: string;
};

const instrumented = new WeakSet<object>();

/**
 * Makes spans and metrics of a provider and of all that goes over it: commands,
 * loads, appends, and the callbacks of handlers. What a command appends carries
 * its trace context (`traceparent` in the metadata of the events), and the span
 * of a callback links to it, in whatever process that is.
 *
 * Call it once, after the SDK is set up, and use what it returns in place of the
 * provider everywhere. No span or metric holds anything of what an event holds.
 *
 * @example
 * ```ts
 * import { createAggregate, createCommands, createDomain } from "evtstore";
 * import { instrument } from "evtstore/opentelemetry";
 * import { createProvider } from "evtstore/provider/memory";
 *
 * const account = createAggregate({
 *   stream: "accounts",
 *   create: () => ({}),
 *   fold: (_event: { type: "Opened" }) => ({}),
 * });
 * const provider = instrument(createProvider());
 * const { domain } = createDomain({ provider }, { account });
 * const accounts = createCommands(domain.account, {
 *   open: () => ({ type: "Opened" as const }),
 * });
 * await accounts.open("ada", {}); // "command accounts.open" and two below it
 * ```
 *
 * @param provider The provider, or the promise of one.
 * @param options Other than what is registered with `@opentelemetry/api`.
 * @returns The same provider, measured; one that is already, as it is.
 */
export function instrument<P extends ProviderOrPromise<any, any>>(
  provider: P,
  options: InstrumentOptions = {},
): P {
  if (instrumented.has(provider)) return provider;
  const measured = mapProvider(
    provider,
    (one) => instrumented.has(one) ? one : measure(one, options),
  );
  instrumented.add(measured);
  return measured;
}

function measure(
  provider: Provider<any>,
  { tracer, meter, system }: InstrumentOptions,
): Provider<any> {
  const telemetry = {
    tracer: tracer ?? trace.getTracer(SCOPE),
    instruments: instrumentsOf(meter ?? metrics.getMeter(SCOPE)),
    system: system ?? systemOf(provider.driver),
  };
  const measured = overlay(provider, {
    ...storeOperations(provider, telemetry),
    [OBSERVER]: workSpans(telemetry),
  });
  instrumented.add(measured);
  return measured;
}
