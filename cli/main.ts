#!/usr/bin/env node
/**
 * The command line: `npx evtstore`, or
 * `deno run -A jsr:@evtstore/evtstore/cli`.
 *
 * @module
 */
import process from "node:process";
import { runCommand } from "./run.ts";
import { processTerminal } from "./terminal.ts";

runCommand(process.argv.slice(2), processTerminal()).then((code) => {
  process.exitCode = code;
  // A pool that a config file has opened, and not closed, would keep it alive.
  process.stdout.write("", () => process.exit(code));
});
