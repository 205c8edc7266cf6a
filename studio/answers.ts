import { CommandError, StoreError } from "../core/errors.ts";
import type { ErrorAnswer } from "./api.ts";
import { RequestError } from "./request_error.ts";

/** What every answer has: nothing is kept, framed, sniffed or told to others. */
const headers: readonly (readonly [string, string])[] = [
  [
    "content-security-policy",
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  ],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  ["referrer-policy", "no-referrer"],
  ["cache-control", "no-store"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
];

/** An address, as a driver may put it into what it says. */
const address = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi;

/** An answer with the headers that every one has. */
export function answer(
  body: string | ReadableStream<Uint8Array> | null,
  type: string,
  status = 200,
): Response {
  const response = new Response(body, { status });
  for (const [name, value] of headers) response.headers.set(name, value);
  response.headers.set("content-type", type);
  return response;
}

/** An answer of JSON. */
export function json(value: unknown, status = 200): Response {
  return answer(JSON.stringify(value), "application/json", status);
}

/** What went wrong, as an answer. */
export function failed(error: unknown): Response {
  return json({ error: describe(error) }, statusOf(error));
}

/**
 * What went wrong, without what a driver says of its connection: its own
 * messages may hold the address of the database, and who logs in.
 */
export function describe(error: unknown): ErrorAnswer["error"] {
  if (error instanceof RequestError) {
    return { code: error.code, message: error.message };
  }
  if (error instanceof StoreError || error instanceof CommandError) {
    return {
      code: error.code ?? error.name,
      message: error.message.replace(address, "(address)"),
    };
  }
  return {
    code: "STORE_FAILED",
    message:
      "The request failed; the terminal that the studio was started in shows why",
  };
}

/** What the application's own code has thrown: its text belongs to its events. */
export function describeThrown(error: unknown): ErrorAnswer["error"] {
  if (error instanceof Error) {
    const { code } = error as { code?: unknown };
    return {
      code: typeof code === "string" ? code : error.name,
      message: error.message,
    };
  }
  return { code: "Error", message: String(error) };
}

function statusOf(error: unknown): number {
  if (error instanceof RequestError) return error.status;
  switch ((error as { code?: unknown } | null)?.code) {
    case "INVALID_INPUT":
      return 400;
    case "BOOKMARK_MOVED":
    case "VERSION_CONFLICT":
      return 409;
    case "NOT_SUPPORTED":
      return 501;
    case "CONNECTION_LOST":
    case "STORE_CLOSED":
    case "STORE_BUSY":
    case "LOCK_TIMEOUT":
      return 503;
  }
  return 500;
}
