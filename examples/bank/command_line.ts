import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { auditBank, isInAgreement } from "./audit.ts";
import { createBank } from "./bank.ts";
import { readLines } from "./lines.ts";
import { type Database, openDatabase } from "./open_database.ts";
import { type Output, Progress } from "./progress.ts";
import { auditText, balanceTable, summaryText } from "./report.ts";
import { serveLines } from "./serve_lines.ts";
import { openSource, type Source } from "./source.ts";
import { createStatements } from "./statements.ts";
import { createTeller } from "./teller.ts";

const HELP = `Usage: main.ts [commands] [--database <path or URL>]

Carries out the commands of a bank's customers, one JSON object on each line.

  commands      a file, or - for standard input
                (default: commands.jsonl beside this program)
  --database    an SQLite file, or a URL such as postgres://localhost/bank
                (default: bank.db in the current folder)
  --help        this text

Exit code:
  0  every command was carried out, or refused by the bank
  1  some lines were malformed; the others were carried out
  2  wrong use, or the commands or the database cannot be opened
  3  log and read model do not agree
  4  the run failed; run it again, nothing is applied twice
`;

/** The streams of a process. */
export type Streams = { stdin: Readable; stdout: Output; stderr: Output };

/**
 * Runs the demo.
 *
 * @returns The exit code, as the help text lists them.
 */
export async function runCommandLine(
  args: string[],
  { stdin, stdout, stderr }: Streams,
): Promise<number> {
  let source: Source;
  let database: Database;
  try {
    const options = parseArguments(args);
    if (options.help) {
      stdout.write(HELP);
      return 0;
    }
    source = await openSource(options.commands, stdin);
    database = await openDatabase(options.database);
  } catch (error) {
    stderr.write(`${messageOf(error)}\nTry --help.\n`);
    return 2;
  }
  try {
    return await run(source, database, stdout, stderr);
  } catch (error) {
    stderr.write(
      `${messageOf(error)}\nRun it again: nothing is applied twice.\n`,
    );
    return 4;
  } finally {
    await database.close();
  }
}

async function run(
  source: Source,
  { provider, readModel }: Database,
  stdout: Output,
  stderr: Output,
): Promise<number> {
  const bank = createBank(provider);
  const statements = createStatements(bank, readModel);
  const progress = new Progress(stderr, source);
  const startedAt = performance.now();

  const summary = await serveLines(
    readLines(source.chunks),
    createTeller(bank, provider),
    statements,
    {
      onMalformed(lineNumber, reason) {
        progress.clear();
        stderr.write(`line ${lineNumber}: ${reason}\n`);
      },
      onServed: () => progress.served(),
    },
  );
  progress.clear();
  const seconds = (performance.now() - startedAt) / 1000;

  const balances = await provider.transact((tx) => readModel.balances(tx));
  const audit = await auditBank(bank, balances);
  stdout.write(
    [balanceTable(balances), summaryText(summary), auditText(audit)]
      .join("\n\n") + "\n",
  );
  stderr.write(
    `${seconds.toFixed(1)} s, ${
      Math.round(summary.lines / seconds).toLocaleString("en-US")
    } lines/s\n`,
  );
  if (!isInAgreement(audit)) return 3;
  return summary.malformed > 0 ? 1 : 0;
}

function parseArguments(
  args: string[],
): { commands: string; database: string; help: boolean } {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      database: { type: "string", default: "bank.db" },
      help: { type: "boolean", default: false },
    },
  });
  const [commands, ...others] = positionals;
  if (others.length > 0) {
    throw new Error(`Expected one file of commands: got ${positionals.length}`);
  }
  return {
    commands: commands ??
      fileURLToPath(new URL("commands.jsonl", import.meta.url)),
    database: values.database,
    help: values.help,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
