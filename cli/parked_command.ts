import type { Command } from "./command.ts";
import { listParked } from "../core/parked_records.ts";
import { table, toJson } from "./text.ts";

/** `parked` */
export const parkedCommand: Command = {
  name: "parked",
  usage: "[BOOKMARK]",
  summary: "List what handlers have parked, oldest first",
  options: {},
  positionals: [0, 1],
  async run({ store, positionals, terminal, json }) {
    const [bookmark] = positionals;
    const found = (await listParked(store.provider))
      .filter((one) => bookmark === undefined || one.bookmark === bookmark);
    if (json) {
      for (const one of found) {
        terminal.out(toJson({ ...one, at: new Date(one.at) }));
      }
      return;
    }
    const head = [
      "BOOKMARK",
      "STREAM",
      "AGGREGATE",
      "VERSIONS",
      "FAILED",
      "AT",
      "ERROR",
    ];
    const rows = found.map((one) => [
      one.bookmark,
      one.stream,
      one.aggregateId,
      one.version === one.lastVersion
        ? String(one.version)
        : `${one.version}-${one.lastVersion}`,
      String(one.failures),
      new Date(one.at).toISOString(),
      one.error ? `${one.error.name}: ${one.error.message}` : "-",
    ]);
    for (const line of table(head, rows)) terminal.out(line);
  },
};
