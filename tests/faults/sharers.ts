import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TaskProcess } from "./task_process.ts";
import { sleep } from "./wait.ts";

/** What each of the processes does. */
export type SharerOptions = {
  /** Into how many parts the handler is shared out; 0 for not at all. */
  shards: number;
  /** How long an event is waited for, in milliseconds. @default {0} */
  sleepMs?: number;
  /** How long an event takes of the processor, in milliseconds. @default {0} */
  busyMs?: number;
};

/** Processes that work on one handler, and what they have handled. */
export class Sharers {
  /** Those that live, by name. */
  readonly living: Map<string, TaskProcess<unknown>> = new Map();
  /** Those that were killed. */
  readonly killed: Set<string> = new Set();
  #folder: string = mkdtempSync(join(tmpdir(), "evtstore-sharers-"));
  #address: string;
  #options: SharerOptions;
  #count = 0;
  #questions = 0;

  /** @param address The place. */
  constructor(address: string, options: SharerOptions) {
    this.#address = address;
    this.#options = options;
  }

  /** Starts one more, and waits until it has begun. */
  async start(): Promise<string> {
    const name = `p${++this.#count}`;
    const { shards, sleepMs = 0, busyMs = 0 } = this.#options;
    const process = new TaskProcess<unknown>("shard_worker.ts", [
      ...[this.#address, this.#path, name],
      ...[shards, sleepMs, busyMs].map(String),
    ]);
    this.living.set(name, process);
    await process.hear("ready");
    return name;
  }

  /** Kills one with SIGKILL. */
  async kill(name: string): Promise<void> {
    const process = this.living.get(name)!;
    this.living.delete(name);
    this.killed.add(name);
    await process.remove();
  }

  /** Lets one end by itself. */
  async stop(name: string): Promise<void> {
    const process = this.living.get(name)!;
    this.living.delete(name);
    await process.finish();
  }

  /** How many slices each of those that live works on. */
  async slices(): Promise<number[]> {
    const question = `slices ${++this.#questions}`;
    return await Promise.all([...this.living.values()].map(async (process) => {
      process.say(question);
      return Number(await process.hear(`${question}:`));
    }));
  }

  /**
   * Waits until all slices are worked on, and evenly.
   *
   * @returns How many seconds that took.
   */
  async balanced(patience = 40_000): Promise<number> {
    const began = performance.now();
    let slices: number[] = [];
    while (performance.now() - began < patience) {
      slices = await this.slices();
      const sum = slices.reduce((sum, one) => sum + one, 0);
      const most = Math.max(...slices);
      if (sum === 64 && most - Math.min(...slices) <= 1) {
        return (performance.now() - began) / 1000;
      }
      await sleep(100);
    }
    throw new Error(`Expected a balance within ${patience} ms: ${slices}`);
  }

  /** What was handled, "NAME EVENT" each, in order. */
  handled(): string[] {
    if (!existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, "utf8").split("\n");
    // The last one is not written to its end.
    lines.pop();
    return lines;
  }

  /** Kills those that are left, and forgets the file. */
  async remove(): Promise<void> {
    await Promise.all([...this.living.values()].map((one) => one.remove()));
    rmSync(this.#folder, { recursive: true });
  }

  get #path(): string {
    return join(this.#folder, "handled.log");
  }
}
