import type { Provider } from "evtstore";
import assert from "node:assert/strict";
import type { EventHandlerOptions } from "../../core/event_handler_options.ts";

/** Every way in which a handler can park. */
export const modes: {
  name: string;
  options: Partial<EventHandlerOptions>;
  change: (provider: Provider<any>) => Provider<any>;
}[] = [
  { name: "one at a time", options: {} },
  { name: "each stored", options: { checkpoint: { events: 1 } } },
  { name: "three at once", options: { concurrency: 3 } },
].flatMap(({ name, options }) => [
  { name: `${name}, with transactions`, options, change: same },
  { name: `${name}, without`, options, change: withoutTransactions },
]).concat([
  {
    name: "in transactions",
    options: { transactional: true },
    change: same,
  } as never,
]);

function same(provider: Provider<any>): Provider<any> {
  return provider;
}

function withoutTransactions(
  { transact: _, ...provider }: Provider<any>,
): Provider<any> {
  return provider;
}

/**
 * Fails unless every event was handled, those of an aggregate for the first
 * time in order, and all only once if that is promised.
 */
export function expectInOrder(
  seen: readonly string[],
  counts: Record<string, number>,
  once: boolean,
): void {
  for (const [id, count] of Object.entries(counts)) {
    const versions = seen.filter((name) => name.startsWith(id))
      .map((name) => Number(name.slice(id.length)));
    const expected = Array.from({ length: count }, (_, index) => index + 1);
    const first = once ? versions : [...new Set(versions)];
    assert.deepEqual(first, expected, `the events of ${id}: ${versions}`);
  }
}
