import { existsSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import { readPages } from "../core/aggregate_pages.ts";
import type { StoreEvent } from "../core/event.ts";
import type { Provider } from "../core/provider.ts";
import type { Command } from "./command.ts";
import {
  Checksum,
  type ExportedEvent,
  HEADER,
  isFooter,
  toLine,
} from "./export_lines.ts";
import { UsageError } from "./failure.ts";
import { readLines } from "./file_lines.ts";
import { startOfLog } from "../core/start_of_log.ts";
import { readLog } from "./log_pages.ts";
import { toOrder } from "./position.ts";
import { catalogOf } from "./store.ts";
import { progressLine } from "./terminal.ts";
import { toJson, visible } from "./text.ts";

/** `export` */
export const exportCommand: Command = {
  name: "export",
  usage: "FILE",
  summary: "Write all events to a file; one that was interrupted goes on",
  options: {},
  positionals: [1, 1],
  async run({ store, positionals, terminal, json }) {
    const path = resolve(terminal.cwd, positionals[0]!);
    const { provider } = store;
    const catalog = catalogOf(store);
    const sum = new Checksum();
    const begun = await readBegun(path, sum);
    if (begun?.isComplete) {
      throw new UsageError(
        `${path} is a complete export: name another file, or remove it`,
      );
    }
    const from = begun?.last
      ? await positionOf(provider, begun.last)
      : await startOfLog(provider);
    // Before the streams, so that each stream of an event up to it is listed.
    const end = (await provider.horizon?.())?.position;
    const streams = await catalog.streams();
    const already = sum.events;
    const startedAt = performance.now();
    const file = await open(path, begun ? "r+" : "w");
    try {
      const write = writer(file, begun?.end ?? 0);
      if (!begun) {
        sum.add(HEADER);
        await write([HEADER]);
      }
      let position = from;
      for await (const page of readLog(provider, streams, from)) {
        terminal.signal.throwIfAborted();
        const upTo = page.at(-1)!.position;
        const lines = await toLines(catalog, page, position, upTo, end);
        for (const line of lines) sum.add(line);
        await write(lines);
        const fraction = typeof upTo === "number" && end > 0
          ? upTo / end
          : undefined;
        const count = sum.events - already;
        terminal.progress(progressLine(count, fraction, startedAt));
        if (lines.length < page.length) break;
        position = upTo;
      }
      terminal.progress();
      const footer = sum.footer();
      await write([JSON.stringify(footer)], true);
      terminal.out(
        json
          ? toJson(footer)
          : `Exported ${footer.events} events, SHA-256 ${footer.sha256}`,
      );
    } finally {
      await file.close();
    }
  },
};

type Catalog = NonNullable<Provider<any>["catalog"]>;

/** The lines of the events up to the end; what came later is left out. */
async function toLines(
  catalog: Catalog,
  page: StoreEvent<any>[],
  after: any,
  upTo: any,
  end: any,
): Promise<string[]> {
  const commands = new Map(
    (await catalog.commands(after, upTo)).map((one) => [
      JSON.stringify([one.stream, one.aggregateId, one.version]),
      one.commandId,
    ]),
  );
  const last = end === undefined ? undefined : toOrder(end);
  return page
    .filter(({ position }) => last === undefined || toOrder(position)! <= last)
    .map((event) => {
      const { stream, aggregateId, version } = event;
      const key = JSON.stringify([stream, aggregateId, version]);
      return toLine(event, commands.get(key));
    });
}

/** Writes lines behind each other, from a place on. */
function writer(
  file: FileHandle,
  start: number,
): (lines: string[], isLast?: boolean) => Promise<void> {
  let place = start;
  return async (lines, isLast = false) => {
    const bytes = new TextEncoder().encode(
      lines.map((line) => `${line}\n`).join(""),
    );
    let done = 0;
    while (done < bytes.length) {
      const rest = bytes.length - done;
      const { bytesWritten } = await file.write(bytes, done, rest, place);
      done += bytesWritten;
      place += bytesWritten;
    }
    if (!isLast) return;
    await file.truncate(place);
    await file.sync();
  };
}

/** What an export has written before it was interrupted. */
async function readBegun(
  path: string,
  sum: Checksum,
): Promise<
  | { last: ExportedEvent | undefined; end: number; isComplete: boolean }
  | undefined
> {
  if (!existsSync(path)) return undefined;
  let last: ExportedEvent | undefined;
  let end = 0;
  for await (const line of readLines(path)) {
    // A line that was cut off is written again.
    if (!line.isWhole) break;
    if (end === 0 && line.text !== HEADER) {
      throw new UsageError(`${path} is something else, and is left alone`);
    }
    if (end > 0) {
      const value = JSON.parse(line.text);
      if (isFooter(value)) return { last, end, isComplete: true };
      last = value as unknown as ExportedEvent;
    }
    sum.add(line.text);
    end = line.end;
  }
  return end === 0 ? undefined : { last, end, isComplete: false };
}

/** Where the last event of a begun export stands in the log. */
async function positionOf(
  provider: Provider<any>,
  { stream, id, version }: ExportedEvent,
): Promise<any> {
  for await (const page of readPages(provider, stream, id, undefined, {})) {
    const found = page.find((event) => event.version === version);
    if (found) return found.position;
  }
  throw new UsageError(
    `The file ends with version ${version} of "${visible(id)}" in stream "${
      visible(stream)
    }", which this store does not have: it is the export of another one`,
  );
}
