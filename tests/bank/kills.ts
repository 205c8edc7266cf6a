import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { generate } from "../../examples/bank/generate.ts";
import { inFolder, toLines } from "./demo.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const MAIN = fileURLToPath(
  new URL("../../examples/bank/main.ts", import.meta.url),
);

/** The most kills in a row before a run is let come to its end. */
const MAX_IN_A_ROW = 3;

/** What to try. */
export type KillOptions = {
  /** How many databases to begin and to kill. */
  runs: number;
  /** How many commands each of them gets. */
  lines: number;
  /** Is told about each run. */
  log?: (text: string) => void;
};

/** What came of it. */
export type KillResult = {
  /** How long the demo takes when it is left alone, in milliseconds. */
  undisturbedMs: number;
  /** Signals that were sent. */
  sent: number;
  /** Processes that died of one; the others had come to their end before. */
  killed: number;
  /** Kills that left a log with something in it and something missing. */
  inTheMiddle: number;
  /** Runs that, once finished, differ from the one that was left alone. */
  different: string[];
};

/** Runs the demo, kills it at random moments, and lets it finish at last. */
export function killRuns(
  { runs, lines, log = () => {} }: KillOptions,
): Promise<KillResult> {
  return inFolder(async (path) => {
    const commands = path("commands.jsonl");
    await writeFile(commands, toLines(generate(lines, 7)));

    const alone = start([commands, "--database", path("alone.db")]);
    const undisturbedMs = await duration(alone);
    const expected = readState(path("alone.db"));
    log(
      `left alone: ${Math.round(undisturbedMs)} ms, ${expected.events} events`,
    );

    const result: KillResult = {
      undisturbedMs,
      sent: 0,
      killed: 0,
      inTheMiddle: 0,
      different: [],
    };
    for (let run = 1; run <= runs; run++) {
      const database = path(`run-${run}.db`);
      const args = [commands, "--database", database];
      const moments: string[] = [];
      const kills = 1 + Math.floor(Math.random() * MAX_IN_A_ROW);
      for (let kill = 0; kill < kills; kill++) {
        const before = countEvents(database);
        const left = expected.events - before;
        const moment = before + Math.floor(Math.random() * (left + 1));
        const signal = await killAt(start(args), database, moment);
        const events = countEvents(database);
        result.sent++;
        if (signal === "SIGKILL") result.killed++;
        if (events > 0 && events < expected.events) result.inTheMiddle++;
        moments.push(`${events} events`);
      }
      const end = await finish(start(args));
      const { digest, events } = readState(database);
      const story = `run ${run}: killed at ${moments.join(", ")}`;
      const isSame = end.code === 0 && digest === expected.digest;
      log(`${story}; then ${isSame ? "the same" : "DIFFERENT"}`);
      if (!isSame) {
        result.different.push(
          `${story}; then exit code ${end.code}, ${events} events\n${end.output}`,
        );
      }
    }
    return result;
  });
}

function start(args: string[]): ChildProcess {
  return spawn(
    process.execPath,
    ["run", "-A", "--config", CONFIG, MAIN, ...args],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
}

async function finish(
  child: ChildProcess,
): Promise<{ code: number; output: string }> {
  let output = "";
  child.stdout!.on("data", (chunk) => output += chunk);
  child.stderr!.on("data", (chunk) => output += chunk);
  const [code] = await once(child, "close");
  return { code, output };
}

async function duration(child: ChildProcess): Promise<number> {
  const startedAt = performance.now();
  const { code, output } = await finish(child);
  if (code !== 0) throw new Error(`The demo ended with ${code}:\n${output}`);
  return performance.now() - startedAt;
}

/**
 * Kills the process a random moment after the log has so many events: a moment
 * on the clock would miss the work whenever the machine is busy.
 */
async function killAt(
  child: ChildProcess,
  database: string,
  events: number,
): Promise<NodeJS.Signals | null> {
  child.stdout!.resume();
  child.stderr!.resume();
  let hasEnded = false;
  const ended = once(child, "close").then(([, signal]) => {
    hasEnded = true;
    return signal;
  });
  while (!hasEnded && countEvents(database) < events) await setTimeout(2);
  await setTimeout(Math.random() * 10);
  child.kill("SIGKILL");
  return await ended;
}

function countEvents(path: string): number {
  if (!existsSync(path)) return 0;
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    if (!hasTable(database, "events")) return 0;
    const row = database.prepare("SELECT count(*) AS events FROM events").get();
    return Number(row!.events);
  } catch (error) {
    // The process is only just making its tables.
    if (/locked|busy/.test(String(error))) return 0;
    throw error;
  } finally {
    database.close();
  }
}

/**
 * Everything that must be the same: the events of each account and each
 * transfer, in their order, and the tables of the read model. The order between
 * accounts, and times, may differ.
 */
function readState(path: string): { digest: string; events: number } {
  if (!existsSync(path)) return { digest: "", events: 0 };
  // A writer would tidy up after the killed process; that is for the next run.
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const all = (columns: string, table: string, order: string) =>
      hasTable(database, table)
        ? database.prepare(
          `SELECT ${columns} FROM ${table} ORDER BY ${order}`,
        ).all()
        : [];
    const events = all(
      // Where an event stood in the log that a process reacted to, may differ.
      "stream, aggregate_id, version, json_remove(event, '$.position') AS event",
      "events",
      "stream, aggregate_id, version",
    );
    const state = [
      events,
      all("account, cents", "bank_balances", "account"),
      all(
        "account, version, what, cents, transfer_id",
        "bank_statements",
        "account, version",
      ),
    ];
    return {
      digest: createHash("sha256").update(JSON.stringify(state)).digest("hex"),
      events: events.length,
    };
  } finally {
    database.close();
  }
}

function hasTable(database: DatabaseSync, table: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?")
    .get(table) !== undefined;
}
