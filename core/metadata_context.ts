import { type AsyncContext, createAsyncContext } from "./async_context.ts";
import type { EventMetadata, StoreEvent } from "./event.ts";
import { checkMetadata } from "./validation.ts";

// Made when it is first needed: who uses no metadata pays for none.
let context: AsyncContext<EventMetadata> | undefined;

/**
 * Gives every command that `work` sends this metadata, also those of the
 * handlers that its events cause: who did it, for which tenant, as part of
 * which request. A command's own `metadata` is added to it and comes first.
 *
 * A `correlationId` is made if there is none, and ties together everything that
 * comes of this. A handler adds the `causationId`, `stream/aggregateId@version`
 * of the event that it handles. In a browser nothing flows: give each command
 * its `metadata`.
 *
 * @example
 * ```ts
 * import { createAggregate, createCommands, createDomain, withMetadata } from "evtstore";
 * import { createProvider } from "evtstore/provider/memory";
 * import assert from "node:assert/strict";
 *
 * const counter = createAggregate({
 *   stream: "counters",
 *   create: () => ({ value: 0 }),
 *   fold: (_event: { type: "Added" }, { value }) => ({ value: value + 1 }),
 * });
 * const provider = createProvider();
 * const { domain } = createDomain({ provider }, { counter });
 * const counters = createCommands(domain.counter, {
 *   add: () => ({ type: "Added" as const }),
 * });
 * await withMetadata({ userId: "ada" }, () => counters.add("a", {}));
 * const [stored] = await provider.getEventsFor("counters", "a");
 * assert.equal(stored!.metadata!.userId, "ada");
 * assert(stored!.metadata!.correlationId);
 * ```
 *
 * @param metadata What is known beside the events themselves.
 * @param work What sends commands, now or later on.
 * @returns What `work` returns.
 * @throws {StoreError} `INVALID_INPUT` for what JSON cannot hold.
 */
export function withMetadata<T>(metadata: EventMetadata, work: () => T): T {
  checkMetadata(metadata);
  const outer = currentMetadata();
  const correlationId = metadata.correlationId ?? outer?.correlationId ??
    crypto.randomUUID();
  return run({ ...outer, ...metadata, correlationId }, work);
}

/** What {@linkcode withMetadata} or a handled event has set, if any did. */
export function currentMetadata(): EventMetadata | undefined {
  return context?.get();
}

/** Calls back for an event, as the cause of the commands that this sends. */
export function causedBy<T>(stored: StoreEvent<any>, work: () => T): T {
  if (!stored.metadata) return work();
  const { stream, aggregateId, version, metadata } = stored;
  const causationId = `${stream}/${aggregateId}@${version}`;
  return run({ ...metadata, causationId }, work);
}

function run<T>(metadata: EventMetadata, work: () => T): T {
  context ??= createAsyncContext();
  return context.run(metadata, work);
}
