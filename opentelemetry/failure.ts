import { type Span, SpanStatusCode } from "@opentelemetry/api";
import { CommandError, StoreError, VersionError } from "../core/errors.ts";
import { attribute } from "./names.ts";

/** What kind of error it is: few values, and nothing of what it says. */
export function errorTypeOf(error: unknown): string {
  if (error instanceof StoreError || error instanceof VersionError) {
    return error.code;
  }
  return error instanceof Error ? error.name : "_OTHER";
}

/**
 * Whether a command handler said no, which is an answer and no failure. It is
 * none if somebody else was faster.
 */
export function isRefusal(error: unknown): error is CommandError {
  return error instanceof CommandError && !(error instanceof VersionError);
}

/**
 * Marks the span of work that threw. Messages and stacks stay out: an
 * application's may hold what an event holds.
 */
export function markFailed(span: Span, error: unknown): void {
  span.setAttribute(attribute.errorType, errorTypeOf(error));
  span.setStatus({ code: SpanStatusCode.ERROR });
}
