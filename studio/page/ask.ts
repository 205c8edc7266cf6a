import type { ErrorAnswer } from "../api.ts";
import { type Query, query } from "./links.ts";

/** An answer that is an error, or none. */
export class AskError extends Error {
  override readonly name: string = "AskError";
  /** The code of the answer; `UNREACHABLE` where there was none. */
  readonly code: string;

  constructor({ code, message }: ErrorAnswer["error"]) {
    super(message);
    this.code = code;
  }
}

/** Asks the server of the studio. */
export function ask<T>(
  path: string,
  parameters: Query,
  signal?: AbortSignal,
): Promise<T> {
  return request(`/api/${path}${query(parameters)}`, signal ? { signal } : {});
}

/** Has the server change something. */
export function send<T>(path: string, body: unknown): Promise<T> {
  return request(`/api/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function request<T>(path: string, options: RequestInit): Promise<T> {
  const response = await fetch(path, options).catch((cause) => {
    if (cause?.name === "AbortError") throw cause;
    throw new AskError({
      code: "UNREACHABLE",
      message: "The studio does not answer. Is its process still running?",
    });
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer as T;
  throw new AskError(
    (answer as Partial<ErrorAnswer>).error ??
      { code: String(response.status), message: response.statusText },
  );
}
