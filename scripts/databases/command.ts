import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import process from "node:process";
import type { ServerUser } from "./server_user.ts";

export interface CommandOptions {
  readonly cwd?: string;
  readonly user?: ServerUser | undefined;
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeout: number;
}

export interface CommandResult {
  /** Undefined if it could not be started, or took too long. */
  readonly code: number | undefined;
  /** What it wrote to both outputs, or why it could not be started. */
  readonly output: string;
}

/** Runs a program to its end; never rejects. */
export function run(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...options.environment },
      ...options.cwd === undefined ? {} : { cwd: options.cwd },
      ...options.user === undefined
        ? {}
        : { uid: options.user.uid, gid: options.user.gid },
    });
    let output = "";
    let timedOut = false;
    const collect = (chunk: string): void => {
      output += chunk;
    };
    child.stdout.setEncoding("utf8").on("data", collect);
    child.stderr.setEncoding("utf8").on("data", collect);
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
      // A grandchild may hold the outputs open: do not wait for their end.
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      finish(undefined, `took longer than ${options.timeout / 1000} s`);
    }, options.timeout);
    const finish = (code: number | undefined, reason = ""): void => {
      clearTimeout(timer);
      resolve({ code, output: `${output}${reason}`.trim() });
    };
    child.on("error", (error: Error) => finish(undefined, error.message));
    child.on("close", (code: number | null) => {
      if (!timedOut) finish(code ?? undefined);
    });
    // A program that ends without reading its input.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

/** A program that had to succeed and did not. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
  /** Which one failed, in two words. */
  readonly what: string;
  /** All that it printed. */
  readonly output: string;

  constructor(program: string, args: readonly string[], output: string) {
    const command = [program, ...args].join(" ");
    super(`Cannot run ${command}: ${lastLines(output, 15)}`);
    this.what = `${basename(program)} failed`;
    this.output = output;
  }
}

/**
 * Runs a program that must succeed.
 *
 * @throws {CommandError}
 */
export async function runOrThrow(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> {
  const { code, output } = await run(program, args, options);
  if (code === 0) return output;
  throw new CommandError(program, args, output);
}

/** The file of a program in one of the folders, or on the path. */
export function findProgram(
  name: string,
  folders: readonly string[] = [],
  path: string = process.env["PATH"] ?? "",
): string | undefined {
  return [...folders, ...path.split(delimiter)]
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}
