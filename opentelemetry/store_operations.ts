import {
  type Attributes,
  context,
  type Span,
  SpanKind,
  trace,
} from "@opentelemetry/api";
import { VersionError } from "../core/errors.ts";
import type { Provider } from "../core/provider.ts";
import { errorTypeOf, markFailed } from "./failure.ts";
import type { Instruments } from "./instruments.ts";
import { attribute, SCOPE } from "./names.ts";
import type { Tracer } from "./sdk_types.ts";
import { creationOf, withTraceContext } from "./trace_context.ts";

/** What an instrumented provider is made of. */
export type Telemetry = {
  /** Makes its spans. */
  tracer: Tracer;
  /** Measure it. */
  instruments: Instruments;
  /** What the conventions call its database. */
  system: string;
};

/** The members of a provider of which each call is measured. */
export function storeOperations(
  provider: Provider<any>,
  telemetry: Telemetry,
): Partial<Provider<any>> {
  const { instruments, tracer, system } = telemetry;

  /** Measures a call that has no span of its own. */
  async function measured<T>(
    attributes: Attributes,
    work: () => Promise<T>,
  ): Promise<T> {
    const startedAt = performance.now();
    let failure: Attributes = {};
    try {
      return await work();
    } catch (error) {
      failure = { [attribute.errorType]: errorTypeOf(error) };
      throw error;
    } finally {
      instruments.operation.record((performance.now() - startedAt) / 1000, {
        ...attributes,
        ...failure,
      });
    }
  }

  async function spanned<T>(
    attributes: Attributes,
    more: Attributes,
    work: (span: Span) => Promise<T>,
  ): Promise<T> {
    const stream = attributes[attribute.databaseCollection];
    const operation = attributes[attribute.databaseOperation];
    const span: Span = tracer.startSpan(
      stream === undefined ? `${operation}` : `${operation} ${stream}`,
      { kind: SpanKind.CLIENT, attributes: { ...attributes, ...more } },
    );
    const inside = trace.setSpan(context.active(), span);
    try {
      return await measured(
        attributes,
        () => context.with(inside, () => work(span)),
      );
    } catch (error) {
      markFailed(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  const about = (operation: string, stream?: string): Attributes => ({
    [attribute.databaseSystem]: system,
    [attribute.databaseOperation]: operation,
    ...stream !== undefined && { [attribute.databaseCollection]: stream },
  });

  const operations: Partial<Provider<any>> = {
    append: async (stream, id, version, events, options) => {
      const more: Attributes = { [attribute.aggregateId]: id };
      if (events.length > 1) more[attribute.databaseBatchSize] = events.length;
      try {
        const stored = await spanned(about("append", stream), more, (span) => {
          const maker = creationOf(context.active()) ?? span.spanContext();
          const traced = withTraceContext(events, maker);
          return provider.append(stream, id, version, traced, options);
        });
        instruments.sent.add(events.length, {
          [attribute.messagingSystem]: SCOPE,
          [attribute.messagingOperation]: "append",
          [attribute.messagingDestination]: stream,
        });
        return stored;
      } catch (error) {
        if (error instanceof VersionError) {
          instruments.conflicts.add(1, {
            [attribute.databaseSystem]: system,
            [attribute.databaseCollection]: stream,
          });
        }
        throw error;
      }
    },
    getEventsFor: (stream, id, position, options) => {
      const more = { [attribute.aggregateId]: id };
      return spanned(about("load", stream), more, async (span) => {
        const events = await provider
          .getEventsFor(stream, id, position, options);
        span.setAttribute(attribute.databaseReturnedRows, events.length);
        return events;
      });
    },
    getLastEventFor: (stream, id, options) => {
      const read = () => provider.getLastEventFor(stream, id, options);
      const of = about("load", typeof stream === "string" ? stream : undefined);
      if (id === undefined) return measured(of, read);
      return spanned(of, { [attribute.aggregateId]: id }, read);
    },
    // A handler asks all the time, mostly for nothing: a span would say so.
    getEventsFrom: (stream, position, limit) =>
      measured(
        about("read", typeof stream === "string" ? stream : undefined),
        () => provider.getEventsFrom(stream, position, limit),
      ),
  };
  if (provider.transact) {
    operations.transact = (work) => {
      const run = () => provider.transact!(work);
      // Around the page of a handler it would be a trace of nothing else.
      return creationOf(context.active())
        ? spanned(about("transact"), {}, run)
        : measured(about("transact"), run);
    };
  }
  return operations;
}
