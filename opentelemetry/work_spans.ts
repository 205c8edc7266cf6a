import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  type SpanOptions,
  trace,
} from "@opentelemetry/api";
import { currentMetadata } from "../core/metadata_context.ts";
import type { ObservedEvents, WorkObserver } from "../core/work_observer.ts";
import { isRefusal } from "../core/refusal.ts";
import { errorTypeOf, markFailed } from "./failure.ts";
import { attribute, SCOPE } from "./names.ts";
import type { Telemetry } from "./store_operations.ts";
import { asCreation, linksTo } from "./trace_context.ts";

/** Makes a span of each command and of each call of a callback. */
export function workSpans({ tracer, instruments }: Telemetry): WorkObserver {
  /** Runs work in a span, whose context goes into the events that it makes. */
  async function spanned<T>(
    name: string,
    options: SpanOptions,
    measure: (seconds: number, failure: Attributes) => void,
    work: () => Promise<T> | T,
  ): Promise<T> {
    const span: Span = tracer.startSpan(name, options);
    const startedAt = performance.now();
    const inside: Context = asCreation(
      trace.setSpan(context.active(), span),
      span.spanContext(),
    );
    let failure: Attributes = {};
    try {
      return await context.with(inside, work);
    } catch (error) {
      failure = { [attribute.errorType]: errorTypeOf(error) };
      // A callback that lets a refusal through has failed all the same.
      if (options.kind === SpanKind.INTERNAL && isRefusal(error)) {
        failure = { [attribute.refusal]: error.code ?? error.name };
        span.setAttributes(failure);
      } else markFailed(span, error);
      throw error;
    } finally {
      measure((performance.now() - startedAt) / 1000, failure);
      span.end();
    }
  }

  return {
    command({ stream, aggregateId, command }, work) {
      const name = `command ${stream}.${command}`;
      const attributes = {
        [attribute.messagingDestination]: stream,
        [attribute.command]: command,
      };
      // What a timer or later work sends has a cause, but no span around it.
      const links = trace.getSpan(context.active())
        ? []
        : linksTo([currentMetadata()]);
      return spanned(
        name,
        {
          kind: SpanKind.INTERNAL,
          attributes: { ...attributes, [attribute.aggregateId]: aggregateId },
          links,
        },
        (seconds, failure) =>
          instruments.command.record(seconds, { ...attributes, ...failure }),
        work,
      );
    },
    handle({ bookmark, events }, work) {
      const streams = [...new Set(events.map(({ stream }) => stream))];
      const attributes: Attributes = {
        [attribute.messagingSystem]: SCOPE,
        [attribute.messagingOperation]: "handle",
        [attribute.messagingConsumerGroup]: bookmark,
        ...streams.length === 1 &&
          { [attribute.messagingDestination]: streams[0]! },
      };
      return spanned(
        streams.length === 1 ? `handle ${streams[0]}` : "handle",
        {
          kind: SpanKind.CONSUMER,
          // The loop may have been started inside a request that is long over.
          root: true,
          attributes: {
            ...attributes,
            [attribute.messagingOperationType]: "process",
            ...describe(events),
          },
          links: linksTo(events.map(({ metadata }) => metadata)),
        },
        (seconds, failure) => {
          instruments.process.record(seconds, { ...attributes, ...failure });
          instruments.consumed.add(events.length, {
            ...attributes,
            ...failure,
          });
        },
        work,
      );
    },
  };
}

/** What is known of events beside what they hold. */
function describe(events: ObservedEvents["events"]): Attributes {
  const [first] = events;
  if (!first || events.length > 1) {
    return { [attribute.messagingBatchSize]: events.length };
  }
  const { stream, aggregateId, version, event, metadata } = first;
  const { correlationId } = metadata ?? {};
  return {
    [attribute.messagingMessageId]: `${stream}/${aggregateId}@${version}`,
    [attribute.aggregateId]: aggregateId,
    [attribute.eventType]: event.type,
    ...typeof correlationId === "string" &&
      { [attribute.messagingConversationId]: correlationId },
  };
}
