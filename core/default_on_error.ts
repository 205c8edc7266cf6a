import type { ErrorCallback } from "./provider.ts";

/**
 * What becomes of a failure where the application gave no `onError`, or one
 * that fails itself: a warning of the process, which is printed and can be
 * listened to.
 */
export const defaultOnError: ErrorCallback = (
  error,
  stream,
  bookmark,
  event,
) => {
  const place = [
    bookmark && `bookmark "${bookmark}"`,
    stream && `stream "${stream}"`,
    event && `event "${event.type}"`,
  ].filter(Boolean).join(", ");
  const emitWarning = globalThis.process?.emitWarning;
  if (emitWarning) {
    emitWarning.call(
      globalThis.process,
      `Unhandled failure${place && ` (${place})`}: ${describe(error)}`,
      { type: "EvtStoreWarning" },
    );
  } else if (typeof globalThis.reportError === "function") {
    globalThis.reportError(error);
  } else {
    queueMicrotask(() => {
      throw error;
    });
  }
};

function describe(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? `${error.name}: ${error.message}`;
  // A cause can be the error itself.
  if (error.cause === undefined || depth === 5) return own;
  return `${own}\nCaused by: ${describe(error.cause, depth + 1)}`;
}
