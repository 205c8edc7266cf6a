/**
 * Specifications of a domain by example: given events, when a command, then
 * events. They run the real code on the memory provider, and in every test
 * runner.
 *
 * @module
 */
export type {
  AggregateSpec,
  Beside,
  CommandSpec,
  SpecifiedCommands,
} from "./aggregate.ts";
export { AssertionError } from "./assertion_error.ts";
export type { ExpectedError } from "./errors.ts";
export type { ExpectedEvent, GivenEvent } from "./events.ts";
export type { EventsIn, HandlerSpec, StreamName } from "./handler.ts";
export { specProcess } from "./process.ts";
export type { SpecifiedProcess } from "./process.ts";
export type { AnyEvent, ProcessSpec, SentCommand } from "./process_spec.ts";
export { spec } from "./spec.ts";
export type {
  AnyAggregate,
  MadeCommands,
  MadeDomain,
  SpecOptions,
} from "./spec.ts";
export { type CallOf, callsOf, spy } from "./spy.ts";
