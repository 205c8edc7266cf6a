/**
 * Type-safe event sourcing and CQRS on the database an application already
 * runs.
 *
 * @module
 */
export { createAggregate } from "./core/aggregate.ts";
export {
  createPersistedAggregate,
  createProvidedAggregate,
} from "./core/provided_aggregate.ts";
export type {
  Aggregate,
  AggregateOptions,
  AggregateSnapshots,
  AggregateStore,
  BaseAggregate,
  Fold,
  GetAggregateOptions,
  ProvidedAggregate,
  SchemaAggregateOptions,
  StorableAggregate,
} from "./core/aggregate.ts";
export type { StoreOptions } from "./core/provided_aggregate.ts";
export type {
  AggregateCache,
  CachedAggregate,
} from "./core/aggregate_cache.ts";
export { createBookmark, MemoryBookmark } from "./core/bookmark.ts";
export type { HandlerBookmark, ProviderBookmark } from "./core/bookmark.ts";
export { RequirementError, ReservationError } from "./core/claim_errors.ts";
export type {
  RequirementFacts,
  ReservationFacts,
} from "./core/claim_errors.ts";
export type {
  Claims,
  CommandResult,
  Decision,
  Requirement,
} from "./core/claims.ts";
export type { CommandOptions, RetryOptions } from "./core/command_options.ts";
export type { Catalog, StoredBookmark, StoredCommand } from "./core/catalog.ts";
export { createCommands } from "./core/commands.ts";
export type {
  CmdBody,
  Command,
  CommandBody,
  CommandHandler,
  CommandSchemaOptions,
  InferredCommands,
  InferredHandlers,
  NoCommandSchema,
  ReceivedCommand,
  SchemaCommands,
  SchemaHandlers,
} from "./core/commands.ts";
export { createDomain } from "./core/domain.ts";
export { createDomainV1 } from "./core/domain_v1.ts";
export type {
  Domain,
  DomainOptions,
  ExecutableAggregate,
  HandlerFactory,
  InferredDomain,
  InferredExecutable,
  LoadedAggregate,
  ReadStreamEvents,
  SchemaDomain,
  SchemaExecutable,
} from "./core/domain_v1.ts";
export { createDomainV2 } from "./core/domain_v2.ts";
export type {
  DomainReads,
  DomainV2,
  EventsOf,
  EventsOfStream,
  Provide,
  SelectedEvents,
  StreamHandlerFactory,
  StreamsOf,
} from "./core/domain_v2.ts";
export {
  CommandError,
  DuplicateCommandError,
  InvalidCommandError,
  StoreError,
  VersionError,
} from "./core/errors.ts";
export type {
  CommandIssue,
  ErrorCode,
  StoreErrorFacts,
  VersionConflict,
} from "./core/errors.ts";
export type {
  Event,
  EventMeta,
  EventMetadata,
  Ext,
  StoreEvent,
} from "./core/event.ts";
export type { ReadEvents, ReadEventsOptions } from "./core/event_reader.ts";
export type { EventOpener } from "./core/sealer.ts";
export type { FailureOutcome } from "./core/event_failure.ts";
export type { HandlerRetryOptions } from "./core/failure_policy.ts";
export { createHandler } from "./core/handler.ts";
export type { CreateHandlerOptions } from "./core/handler.ts";
export type { HandlerChange } from "./core/handler_condition.ts";
export type { HandlerLog, HandlerLogEvent } from "./core/handler_log.ts";
export type {
  BatchCallback,
  BatchedEvent,
  BatchOptions,
  DomainHandlerOpts,
  DomainHandlerOpts as HandlerOptions,
  DomainHandlerOpts as HandlerOptsV1,
  EventCallback,
  HandledOptions,
  Handler,
  HandlerBody,
  HandlerControls,
  HandlerHooks,
  ParkedTarget,
  StreamHandler,
  StreamsHandler,
  TransactionalOptions,
} from "./core/handler_options.ts";
export type {
  HandlerFailure,
  HandlerLag,
  HandlerParked,
  HandlerShards,
  HandlerState,
  HandlerStatus,
} from "./core/handler_status.ts";
export type {
  HandlerRebuild,
  HandlerVersionStatus,
} from "./core/version_status.ts";
export { health } from "./core/health.ts";
export type {
  HandlerHealth,
  Health,
  HealthOptions,
  HealthReason,
  HealthyHandler,
} from "./core/health.ts";
export type { HandlerOwner } from "./core/lease.ts";
export type {
  EventOfPayload,
  EventsOfSchemas,
  SchemaOptions,
  Schemas,
  StableSchemas,
} from "./core/schema.ts";
export type {
  SchemaInput,
  SchemaIssue,
  SchemaOutput,
  SchemaResult,
  StandardSchema,
} from "./core/standard_schema.ts";
export type { Duration } from "./core/duration.ts";
export { createProcess } from "./core/process.ts";
export type {
  EventContext,
  FiredTimer,
  ProcessCommandBody,
  ProcessCommands,
  ProcessContext,
  ProcessDecision,
  ProcessDecisions,
  ProcessSend,
  Reacting,
  RefusedCommand,
  TimerDue,
} from "./core/process_context.ts";
export type {
  Correlate,
  EventOf,
  Process,
  ProcessControls,
  ProcessEvents,
  ProcessInstance,
  ProcessOptions,
  ProcessSource,
  ProcessStatus,
  RegisterReactions,
  TypeOf,
} from "./core/process_options.ts";
export { withMetadata } from "./core/metadata_context.ts";
export type { ParkedError } from "./core/parked_error.ts";
export type { ParkedAggregate } from "./core/parked_events.ts";
export type {
  AppendOptions,
  ErrorCallback,
  EventPage,
  FullProvider,
  Horizon,
  Provider,
  ProviderOrPromise,
  ReadOptions,
  SetPositionOptions,
} from "./core/provider.ts";
export type { PutOptions, Records, StoredRecord } from "./core/records.ts";
export { findReservation } from "./core/reservations.ts";
export type { Reservation } from "./core/reservations.ts";
export { runHandlers } from "./core/run_handlers.ts";
export type {
  RunHandlersOptions,
  RunnableHandler,
  RunningHandlers,
} from "./core/run_handlers.ts";
export type { SnapshotOptions } from "./core/snapshot_options.ts";
export type { Erasure } from "./core/forget.ts";
export type {
  PersonalFieldsOf,
  PersonalOptions,
  Placeholder,
} from "./core/personal.ts";
export { createMemoryKeys, createRecordKeys } from "./core/subject_keys.ts";
export type {
  ForgetHook,
  SubjectKey,
  SubjectKeys,
} from "./core/subject_keys.ts";
export { createUpcasters } from "./core/upcast.ts";
export type {
  KnownEvents,
  OldEvents,
  UpcastedEvents,
  Upcaster,
  Upcasters,
  UpcastSteps,
} from "./core/upcast.ts";
