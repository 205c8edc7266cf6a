import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Records } from "evtstore";
import { OWNER } from "../../core/owner_records.ts";
import { TaskProcess } from "./task_process.ts";
import { sleep } from "./wait.ts";

/** The bookmark that they share. */
const BOOKMARK = "shared";

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
  #records: Records;
  #count = 0;

  /**
   * @param address The place.
   * @param records Of the same place, where it says who owns what.
   */
  constructor(address: string, records: Records, options: SharerOptions) {
    this.#address = address;
    this.#records = records;
    this.#options = options;
  }

  /** Starts one more, and waits until it has begun. */
  async start(): Promise<string> {
    const name = `p${++this.#count}`;
    const { shards, sleepMs = 0, busyMs = 0 } = this.#options;
    const process = new TaskProcess<unknown>("shard_worker.ts", [
      ...[this.#address, this.#path, BOOKMARK, name],
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

  /**
   * How many slices each process owns. The store is asked, and not they: that
   * would be work for each of them.
   */
  async slices(): Promise<number[]> {
    const owners = await this.#records.list(OWNER, { limit: 1000 });
    const counts = new Map<string, number>();
    for (const { key, value } of owners) {
      const { member } = value as { member?: string };
      if (!key.startsWith(`${BOOKMARK}@slice-`) || !member) continue;
      counts.set(member, (counts.get(member) ?? 0) + 1);
    }
    return [...counts.values()].sort((left, right) => left - right);
  }

  /**
   * Waits until all slices are owned by those that live, and evenly.
   *
   * @returns How many seconds that took.
   */
  async balanced(patience = 60_000): Promise<number> {
    const began = performance.now();
    let slices: number[] = [];
    while (performance.now() - began < patience) {
      slices = await this.slices();
      const sum = slices.reduce((sum, one) => sum + one, 0);
      const most = Math.max(...slices);
      const isAll = slices.length === this.living.size && sum === 64;
      if (isAll && most - Math.min(...slices) <= 1) {
        return (performance.now() - began) / 1000;
      }
      await sleep(200);
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
