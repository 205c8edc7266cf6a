import { parseArgs, type ParseArgsConfig } from "node:util";
import { UsageError } from "./failure.ts";

/** An option of a command, as `--help` shows it. */
export type Option = {
  /** Whether it takes a value. */
  type: "string" | "boolean";
  /** What it is for. */
  help: string;
  /** What its value stands for. */
  value?: string;
  /** Whether it can be given several times. */
  multiple?: true;
  /** Its letter. */
  short?: string;
};

/** What was given, by the names of options. */
export type Values = {
  [name: string]: string | boolean | (string | boolean)[] | undefined;
};

/** What every command takes. */
export const commonOptions: { [name: string]: Option } = {
  store: {
    type: "string",
    short: "s",
    value: "URL",
    help: "The database; EVTSTORE_URL unless given",
  },
  config: {
    type: "string",
    short: "c",
    value: "FILE",
    help: "A module that exports provider, handlers, domain",
  },
  events: {
    type: "string",
    value: "NAME",
    help: "The table, collection or label of events",
  },
  bookmarks: {
    type: "string",
    value: "NAME",
    help: "The same of bookmarks",
  },
  json: { type: "boolean", help: "Print one JSON object a line" },
  yes: { type: "boolean", short: "y", help: "Do not ask" },
  help: { type: "boolean", short: "h", help: "Show this" },
};

/**
 * Reads the arguments of a command.
 *
 * @throws {UsageError} For what it does not know.
 */
export function readArguments(
  args: string[],
  options: { [name: string]: Option },
): { values: Values; positionals: string[] } {
  const config: NonNullable<ParseArgsConfig["options"]> = {};
  for (const [name, option] of Object.entries(options)) {
    const { type, short, multiple } = option;
    config[name] = {
      type,
      ...short === undefined ? {} : { short },
      ...multiple ? { multiple } : {},
    };
  }
  try {
    const { values, positionals } = parseArgs({
      args,
      options: config,
      allowPositionals: true,
      strict: true,
    });
    return { values: values as Values, positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** A text, if it was given. */
export function textOf(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

/** All texts that were given. */
export function textsOf(values: Values, name: string): string[] {
  return [values[name] ?? []].flat().filter((one) => typeof one === "string");
}

/**
 * A whole number, if it was given.
 *
 * @throws {UsageError} For anything else.
 */
export function wholeOf(values: Values, name: string): number | undefined {
  const text = textOf(values, name);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new UsageError(`Expected --${name} to be a whole number: got ${text}`);
}

/**
 * A time, if it was given.
 *
 * @throws {UsageError} For what is none.
 */
export function timeOf(values: Values, name: string): Date | undefined {
  const text = textOf(values, name);
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw new UsageError(
    `Expected --${name} to be a time such as 2026-01-31T12:00:00Z: got ${text}`,
  );
}
