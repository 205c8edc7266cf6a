import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "./command.ts";
import {
  Checksum,
  type ExportedEvent,
  type Footer,
  HEADER,
  isFooter,
} from "./export_lines.ts";
import { FoundError, UsageError } from "./failure.ts";
import { readLines } from "./file_lines.ts";
import { Importer } from "./importer.ts";
import { confirm, progressLine } from "./terminal.ts";
import { toJson } from "./text.ts";

/** How many events are stored together. */
const BATCH = 200;

/** `import` */
export const importCommand: Command = {
  name: "import",
  usage: "FILE",
  summary: "Store the events of a file; what is there already is compared",
  options: {},
  positionals: [1, 1],
  async run({ store, values, positionals, terminal, json }) {
    const path = resolve(terminal.cwd, positionals[0]!);
    if (!existsSync(path)) throw new UsageError(`There is no file ${path}`);
    // A file that is damaged must not be found out in the middle.
    const { events } = await checkFile(path);
    await confirm(
      terminal,
      `This stores up to ${events} events by the provider "${store.provider.driver}"`,
      values.yes === true,
    );
    const importer = new Importer(store.provider);
    const size = statSync(path).size;
    const startedAt = performance.now();
    let batch: ExportedEvent[] = [];
    const flush = async (end: number) => {
      terminal.signal.throwIfAborted();
      await importer.store(batch);
      batch = [];
      const done = importer.stored + importer.found;
      terminal.progress(progressLine(done, end / size, startedAt));
    };
    let isFirst = true;
    for await (const { text, end } of readLines(path)) {
      if (!isFirst) {
        const value = JSON.parse(text);
        if (isFooter(value)) break;
        batch.push(value as unknown as ExportedEvent);
        if (batch.length === BATCH) await flush(end);
      }
      isFirst = false;
    }
    await flush(size);
    terminal.progress();
    const { stored, found } = importer;
    terminal.out(
      json
        ? toJson({ stored, found })
        : `Stored ${stored} events; ${found} were there already`,
    );
  },
};

/**
 * Reads the whole file, and compares it with what its last line says.
 *
 * @throws {FoundError} If it is not complete, or was changed.
 */
async function checkFile(path: string): Promise<{ events: number }> {
  const sum = new Checksum();
  let number = 0;
  let said: Footer | undefined;
  for await (const { text } of readLines(path)) {
    number++;
    if (number === 1 && text !== HEADER) {
      throw new FoundError(`${path} is no export of evtstore`);
    }
    if (said) throw new FoundError(`${path} goes on behind its last line`);
    const value = parseLine(text, number, path);
    if (isFooter(value)) said = value;
    else sum.add(text);
  }
  if (!said) {
    throw new FoundError(
      `${path} is not complete: its last line is missing; run the export again, it goes on`,
    );
  }
  const found = sum.footer();
  if (said.sha256 === found.sha256 && said.events === found.events) {
    return found;
  }
  throw new FoundError(
    `${path} was changed: it has ${found.events} events and SHA-256 ${found.sha256}, but its last line says ${said.events} and ${said.sha256}`,
  );
}

function parseLine(text: string, number: number, path: string): object {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FoundError(`Line ${number} of ${path} is not JSON`, { cause });
  }
}
