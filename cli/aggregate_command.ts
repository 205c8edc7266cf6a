import { originOf } from "../core/origin.ts";
import type { StoreEvent } from "../core/event.ts";
import { createProvider } from "../providers/memory.ts";
import { textOf, wholeOf } from "./arguments.ts";
import type { Command } from "./command.ts";
import {
  eventsOfAggregate,
  streamOf,
  toLine,
  toObject,
} from "./events_command.ts";
import { UsageError } from "./failure.ts";
import { toJson, visible } from "./text.ts";

/** `aggregate` */
export const aggregateCommand: Command = {
  name: "aggregate",
  usage: "ID",
  summary: "Show an aggregate: its events and, with a domain, its state",
  options: {
    stream: { type: "string", value: "NAME", help: "The stream that has it" },
    at: { type: "string", value: "VERSION", help: "As it was at this version" },
  },
  positionals: [1, 1],
  async run({ store, values, positionals, terminal, json }) {
    const [id] = positionals as [string];
    const at = wholeOf(values, "at") ?? Infinity;
    const stream = await streamOf(store, id, textOf(values, "stream"));
    const events: StoreEvent<any>[] = [];
    for await (const event of eventsOfAggregate(store, stream, id)) {
      if (event.version > at) break;
      events.push(event);
    }
    const last = events.at(-1);
    if (Number.isFinite(at) && last?.version !== at) {
      throw new UsageError(
        `"${visible(id)}" has no version ${at}: its last one is ${
          last?.version ?? 0
        }`,
      );
    }
    const state = await stateOf(store.domain, stream, id, events);
    if (json) {
      terminal.out(toJson({
        stream,
        aggregateId: id,
        version: last?.version ?? 0,
        ...state && { state: state.value },
        events: events.map(toObject),
      }));
      return;
    }
    for (const event of events) terminal.out(toLine(event));
    if (state) {
      terminal.out("");
      const text = JSON.stringify(state.value, undefined, 2);
      for (const line of text.split("\n")) terminal.out(visible(line));
    } else {
      terminal.err(
        "To see its state too, export the domain from a config file",
      );
    }
  },
};

/** What the application's own fold makes of the events. */
async function stateOf(
  domain: object | undefined,
  stream: string,
  id: string,
  events: StoreEvent<any>[],
): Promise<{ value: unknown } | undefined> {
  if (!domain) return undefined;
  const parts = originOf(domain) ? [domain] : Object.values(domain);
  const origin = parts.map((part) => originOf<object>(part))
    .find((one) => one?.stream === stream);
  if (!origin) return undefined;
  const provider = createProvider({ events });
  const again = origin.over(provider) as {
    getAggregate(id: string): Promise<{ aggregate?: unknown }>;
  };
  const loaded = await again.getAggregate(id);
  return { value: originOf(domain) ? loaded.aggregate : loaded };
}
