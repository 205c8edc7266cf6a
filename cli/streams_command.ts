import type { Command } from "./command.ts";
import { catalogOf } from "./store.ts";
import { table, toJson } from "./text.ts";

/** `streams` */
export const streamsCommand: Command = {
  name: "streams",
  usage: "",
  summary: "List the streams, with the newest event of each",
  options: {},
  positionals: [0, 0],
  async run({ store, terminal, json }) {
    const rows: string[][] = [];
    for (const stream of await catalogOf(store).streams()) {
      const last = await store.provider.getLastEventFor(stream);
      if (!last) continue;
      const { position, aggregateId, version, event } = last;
      const timestamp = new Date(last.timestamp).toISOString();
      if (json) {
        terminal.out(toJson({
          stream,
          position: String(position),
          timestamp,
          aggregateId,
          version,
          type: event.type,
        }));
      }
      rows.push([stream, String(position), timestamp, event.type, aggregateId]);
    }
    if (json) return;
    const head = ["STREAM", "POSITION", "AT", "TYPE", "AGGREGATE"];
    for (const line of table(head, rows)) terminal.out(line);
  },
};
