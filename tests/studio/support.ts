import type { Provider, StoreEvent } from "evtstore";
import { createProvider } from "evtstore/provider/memory";
import { createStudio, type StudioOptions } from "evtstore/studio";
import assert from "node:assert/strict";

/** What tests know, and others do not. */
export const TOKEN = "a-token-of-the-tests";

/** A studio, asked as its page asks. */
export type Asked = {
  /** Asks, and gives what comes. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** The answer of a route, which must be one. */
  get<T = any>(path: string, parameters?: Parameters): Promise<T>;
  /** The code of a refusal, and its status. */
  refused(path: string, init?: RequestInit): Promise<[number, string]>;
  /** Sends JSON. */
  post(path: string, body: unknown): Promise<Response>;
};

type Parameters = { [name: string]: string | number | undefined };

/** Opens a studio over a provider. */
export function ask(
  provider: Provider<any>,
  options: Partial<StudioOptions> = {},
): Asked {
  const studio = createStudio(provider, { token: TOKEN, ...options });
  const fetch: Asked["fetch"] = (path, init = {}) => {
    const headers = new Headers({ authorization: `Bearer ${TOKEN}` });
    new Headers(init.headers).forEach((value, name) =>
      headers.set(name, value)
    );
    return studio(
      new Request(new URL(path, "http://localhost:4983"), { ...init, headers }),
    );
  };
  return {
    fetch,
    async get(path, parameters = {}) {
      const url = new URL(path, "http://localhost");
      for (const [name, value] of Object.entries(parameters)) {
        if (value !== undefined) url.searchParams.set(name, String(value));
      }
      const response = await fetch(url.pathname + url.search);
      const body = await response.json();
      assert.equal(response.status, 200, JSON.stringify(body));
      assert.equal(response.headers.get("content-type"), "application/json");
      return body;
    },
    async refused(path, init) {
      const response = await fetch(path, init);
      const { error } = await response.json();
      assert.equal(typeof error.message, "string");
      return [response.status, error.code];
    },
    post: (path, body) =>
      fetch(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
  };
}

/** Appends events to an aggregate, and gives what was stored. */
export async function append(
  provider: Provider<any>,
  stream: string,
  id: string,
  events: { type: string; [key: string]: unknown }[],
  { at, metadata, commandId }: {
    at?: Date;
    metadata?: { [key: string]: unknown };
    commandId?: string;
  } = {},
): Promise<StoreEvent<any>[]> {
  const version = (await provider.getLastEventFor(stream, id))?.version ?? 0;
  const made = provider.createEvents(stream, id, version + 1, events);
  for (const one of made) {
    if (at) one.timestamp = at;
    if (metadata) one.metadata = metadata;
  }
  const options = commandId === undefined ? {} : { commandId };
  return await provider.append(stream, id, version + 1, made, options);
}

/** A store in memory that reports nothing. */
export function memory(): Provider<any> {
  return createProvider({ onError: () => {} });
}
