import { type Span, SpanStatusCode } from "@opentelemetry/api";
import { StoreError, VersionError } from "../core/errors.ts";
import { attribute } from "./names.ts";

/** What kind of error it is: few values, and nothing of what it says. */
export function errorTypeOf(error: unknown): string {
  if (error instanceof StoreError || error instanceof VersionError) {
    return error.code;
  }
  return error instanceof Error ? error.name : "_OTHER";
}

/**
 * Marks the span of work that threw. Messages and stacks stay out: an
 * application's may hold what an event holds.
 */
export function markFailed(span: Span, error: unknown): void {
  span.setAttribute(attribute.errorType, errorTypeOf(error));
  span.setStatus({ code: SpanStatusCode.ERROR });
}
