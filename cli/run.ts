import { aggregateCommand } from "./aggregate_command.ts";
import {
  commonOptions,
  type Option,
  readArguments,
  type Values,
} from "./arguments.ts";
import type { Command } from "./command.ts";
import { eventsCommand } from "./events_command.ts";
import { exportCommand } from "./export_command.ts";
import { describeFailure, UsageError } from "./failure.ts";
import { handlersCommand } from "./handlers_command.ts";
import { importCommand } from "./import_command.ts";
import { migrateCommand } from "./migrate_command.ts";
import { parkedCommand } from "./parked_command.ts";
import { rebuildCommand } from "./rebuild_command.ts";
import { retryCommand } from "./retry_command.ts";
import { openStore } from "./store.ts";
import { streamsCommand } from "./streams_command.ts";
import { studioCommand } from "./studio_command.ts";
import type { Terminal } from "./terminal.ts";
import { toJson } from "./text.ts";
import { verifyCommand } from "./verify_command.ts";

/** All commands, in the order of `--help`. */
export const commands: readonly Command[] = [
  migrateCommand,
  streamsCommand,
  eventsCommand,
  aggregateCommand,
  handlersCommand,
  parkedCommand,
  retryCommand,
  rebuildCommand,
  verifyCommand,
  exportCommand,
  importCommand,
  studioCommand,
];

/**
 * Runs a command.
 *
 * @param args What was typed behind the name of the program.
 * @returns The exit code: 0, 1 if it failed, 2 if it was called wrongly.
 */
export async function runCommand(
  args: string[],
  terminal: Terminal,
): Promise<number> {
  let json = args.includes("--json");
  try {
    const [name, ...rest] = args;
    const command = commands.find((one) => one.name === name);
    if (!command) {
      const isHelp = name === undefined || name === "help" ||
        name === "--help" || name === "-h";
      if (!isHelp) {
        throw new UsageError(`There is no command "${name}": see --help`);
      }
      for (const line of overview()) terminal.out(line);
      return name === undefined ? 2 : 0;
    }
    const { values, positionals } = readArguments(rest, {
      ...command.options,
      ...commonOptions,
    });
    json = values.json === true;
    if (values.help) {
      for (const line of helpOf(command)) terminal.out(line);
      return 0;
    }
    const [least, most] = command.positionals;
    if (positionals.length < least || positionals.length > most) {
      throw new UsageError(
        `Expected: evtstore ${command.name} ${command.usage}`.trimEnd(),
      );
    }
    await runOpened(command, values, positionals, terminal, json);
    return 0;
  } catch (error) {
    terminal.progress();
    if (terminal.signal.aborted) return 130;
    const isUsage = error instanceof UsageError;
    const message = describeFailure(error);
    if (json) {
      const { code } = error as { code?: unknown };
      terminal.err(toJson({ error: message, ...code ? { code } : {} }));
    } else terminal.err(message);
    return isUsage ? 2 : 1;
  }
}

async function runOpened(
  command: Command,
  values: Values,
  positionals: string[],
  terminal: Terminal,
  json: boolean,
): Promise<void> {
  const store = await openStore(
    values,
    terminal,
    command.name === migrateCommand.name,
  );
  try {
    await command.run({ store, values, positionals, terminal, json });
  } finally {
    await store.close();
  }
}

function overview(): string[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    "evtstore COMMAND [OPTIONS]: look at a store of events, and move it",
    "",
    ...commands.map(({ name, summary }) =>
      `  ${name.padEnd(width)}  ${summary}`
    ),
    "",
    "evtstore COMMAND --help lists its options. The store is named by --store,",
    "--config, EVTSTORE_URL, or evtstore.config.ts in this folder.",
  ];
}

function helpOf({ name, usage, summary, options }: Command): string[] {
  const shown = Object.entries({ ...options, ...commonOptions })
    .map(([option, description]) =>
      [flagOf(option, description), description.help] as const
    );
  const width = Math.max(...shown.map(([flag]) => flag.length));
  return [
    `evtstore ${name} ${usage}`.trimEnd(),
    summary,
    "",
    ...shown.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`),
  ];
}

function flagOf(name: string, { short, value }: Option): string {
  const letter = short ? `-${short}, ` : "    ";
  return `${letter}--${name}${value === undefined ? "" : ` ${value}`}`;
}
