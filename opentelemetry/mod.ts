/**
 * Spans and metrics of a store, for OpenTelemetry. It needs
 * `@opentelemetry/api`; nothing else of the library does.
 *
 * @module
 */
export { instrument } from "./instrument.ts";
export type { InstrumentOptions } from "./instrument.ts";
export type { Meter, Tracer } from "./sdk_types.ts";
export { instrumentHandler } from "./instrument_handler.ts";
export type { HandlerInstrumentOptions } from "./instrument_handler.ts";
