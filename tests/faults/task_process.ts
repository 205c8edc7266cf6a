import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

/**
 * A process that is told what to do by lines, and answers by lines. It goes on
 * until its input ends; the last thing it says is its result, as JSON.
 */
export class TaskProcess<Result> {
  #child: ChildProcess;
  #end: Promise<number | string>;
  #lines: string[] = [];
  #isRead: Promise<unknown>;
  #isEnded = false;
  #errors = "";
  #onLine = () => {};

  /**
   * @param script The script, beside this file.
   * @param args What it is started with.
   */
  constructor(script: string, args: string[]) {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const runtime = "Deno" in globalThis
      ? ["run", "-A", "--no-check", "--config", CONFIG]
      : [];
    this.#child = spawn(process.execPath, [...runtime, path, ...args]);
    const { stdin, stdout, stderr } = this.#child;
    this.#end = once(this.#child, "close").then(([code, signal]) => {
      this.#isEnded = true;
      this.#onLine();
      return signal ?? code;
    });
    stdin!.on("error", () => {});
    stderr!.on("data", (chunk) => this.#errors += chunk);
    const lines = createInterface({ input: stdout! });
    lines.on("line", (line) => {
      this.#lines.push(line);
      this.#onLine();
    });
    this.#isRead = once(lines, "close");
  }

  /** Tells it something. */
  say(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  /**
   * Waits until it says a line that begins so.
   *
   * @returns The rest of the line.
   * @throws {Error} If it ends before.
   */
  async hear(start: string): Promise<string> {
    for (;;) {
      const line = this.#lines.find((line) => line.startsWith(start));
      if (line !== undefined) return line.slice(start.length).trim();
      if (this.#isEnded) {
        throw new Error(`A process did not say ${start}: ${this.#errors}`);
      }
      await new Promise<void>((resolve) => this.#onLine = resolve);
    }
  }

  /**
   * Lets it end.
   *
   * @returns Its result.
   * @throws {Error} If it does not end well.
   */
  async finish(): Promise<Result> {
    this.#child.stdin!.end();
    const ended = await this.#end;
    if (ended !== 0) {
      throw new Error(`A process ended with ${ended}: ${this.#errors}`);
    }
    await this.#isRead;
    return JSON.parse(this.#lines.at(-1)!);
  }

  /** Kills it, unless it has ended. */
  async remove(): Promise<void> {
    if (!this.#isEnded) this.#child.kill("SIGKILL");
    await this.#end;
  }
}
