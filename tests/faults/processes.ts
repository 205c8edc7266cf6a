import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

/** What a run of a worker was given, read from its file as it grows. */
export class RunLog {
  readonly path: string;
  /** What the plain handler was given. */
  readonly plain: string[] = [];
  /** What the transactional handler was given. */
  readonly transactional: string[] = [];
  /** The transactions that the server may not know to be over. */
  readonly transactions: string[] = [];
  #offset = 0;
  #rest = "";

  /** @param path The file; it need not exist yet. */
  constructor(path: string) {
    this.path = path;
  }

  /** Reads what is new. */
  read(): this {
    if (!existsSync(this.path)) return this;
    const file = openSync(this.path, "r");
    const chunk = new Uint8Array(65536);
    for (let size = 1; size > 0;) {
      size = readSync(file, chunk, 0, chunk.length, this.#offset);
      this.#offset += size;
      this.#rest += new TextDecoder().decode(chunk.subarray(0, size));
    }
    closeSync(file);
    const lines = this.#rest.split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) {
      const at = line.indexOf(" ");
      const text = line.slice(at + 1);
      const kind = line.slice(0, at);
      if (kind === "plain") this.plain.push(text);
      if (kind === "transactional") this.transactional.push(text);
      if (kind === "transaction") this.transactions.push(text);
    }
    return this;
  }

  /** How many events both handlers were given. */
  get size(): number {
    return this.plain.length + this.transactional.length;
  }
}

/** A process that runs the handlers. */
export type Run = {
  child: ChildProcess;
  log: RunLog;
  /** Set when it has ended: its signal, or its exit code. */
  ended: NodeJS.Signals | number | undefined;
  /** Resolves when it has ended. */
  end: Promise<void>;
  /** What it wrote to its standard error. */
  errors: string;
};

/** Starts workers on one place, and ends those that are left. */
export class Workers {
  readonly runs: Run[] = [];
  readonly folder: string;
  #address: string;

  /** @param address The place. */
  constructor(address: string) {
    this.#address = address;
    this.folder = mkdtempSync(join(tmpdir(), "evtstore-workers-"));
  }

  /** Starts one more. */
  start(...args: string[]): Run {
    const log = new RunLog(join(this.folder, `${this.runs.length}.log`));
    const runtime = "Deno" in globalThis
      ? ["run", "-A", "--no-check", "--config", CONFIG]
      : [];
    const child = spawn(
      process.execPath,
      [...runtime, WORKER, this.#address, log.path, ...args],
      { stdio: ["pipe", "inherit", "pipe"] },
    );
    const run: Run = {
      child,
      log,
      ended: undefined,
      end: once(child, "close").then(([code, signal]) => {
        run.ended = signal ?? code;
      }),
      errors: "",
    };
    child.stdin!.on("error", () => {});
    child.stderr!.on("data", (chunk) => run.errors += chunk);
    this.runs.push(run);
    return run;
  }

  /** How many events both handlers were given. */
  handled(): number {
    const of = (kind: "plain" | "transactional") =>
      new Set(this.runs.flatMap((run) => run.log.read()[kind])).size;
    return Math.min(of("plain"), of("transactional"));
  }

  /** Everything that plain handlers were given. */
  seen(): string[] {
    return this.runs.flatMap((run) => run.log.read().plain);
  }

  /**
   * Lets a worker end by itself.
   *
   * @throws {Error} If it does not end well.
   */
  async finish(run: Run): Promise<void> {
    run.child.stdin!.end();
    await run.end;
    if (run.ended === 0) return;
    throw new Error(`A worker ended with ${run.ended}: ${run.errors}`);
  }

  /** Kills those that are left, and forgets their files. */
  async remove(): Promise<void> {
    for (const run of this.runs) {
      if (run.ended === undefined) run.child.kill("SIGKILL");
      await run.end;
    }
    rmSync(this.folder, { recursive: true });
  }
}
