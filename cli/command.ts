import type { Option, Values } from "./arguments.ts";
import type { Store } from "./store.ts";
import type { Terminal } from "./terminal.ts";

/** What a command works with. */
export type CommandContext = {
  /** The store that was named. */
  store: Store;
  /** Its options. */
  values: Values;
  /** What was given besides. */
  positionals: string[];
  /** Where it prints. */
  terminal: Terminal;
  /** Whether to print JSON. */
  json: boolean;
};

/** One command. */
export type Command = {
  /** What it is called by. */
  name: string;
  /** What follows its name. */
  usage: string;
  /** What it does. */
  summary: string;
  /** Its own options. */
  options: { [name: string]: Option };
  /** How many positionals it takes: least and most. */
  positionals: readonly [number, number];
  /** Does it. */
  run(context: CommandContext): Promise<void>;
};
