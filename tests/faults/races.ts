import { createPlace, type FaultDatabase } from "./databases.ts";
import { Ledger } from "./ledger.ts";
import { readLog, STREAMS } from "./log.ts";
import { openStore } from "./open_store.ts";
import { TaskProcess } from "./task_process.ts";
import { sleep, until } from "./wait.ts";

/** What is raced for, in both streams. */
export const AGGREGATES: string[] = ["a", "b", "cc", "dd", "e"];

const PROCESSES = ["A", "B", "C", "D"];
/** What a slow machine gets more time for. */
const LEAST_EVENTS = 50;

/** What became of a process's attempts. */
export type RaceResult = {
  /** Those that were stored. */
  won: { commit: string; events: number }[];
  /** Those that were refused with `VersionError`, and what they were for. */
  lost: { commit: string; version: string }[];
  /** All other errors, and how often each was thrown. */
  others: Record<string, number>;
};

/** What came of the races. */
export type RaceCounts = {
  /** Versions that more than one had decided on. */
  races: number;
  /** Commits that are stored. */
  winners: number;
  /** Commits that were refused with `VersionError`. */
  losers: number;
  /** Other errors, and how often each was thrown. */
  others: Record<string, number>;
  /** Events of the winners. */
  won: number;
  /** Events in the log. */
  events: number;
  /** Processes that never won. */
  starved: number;
};

/**
 * Lets four processes append to the same aggregates.
 *
 * @param ms For how long.
 * @throws {Error} If versions are not contiguous from 1, a winner's commit is
 * missing or stored in part, or a loser's commit is there.
 */
export async function countRaces(
  database: FaultDatabase,
  ms: number,
): Promise<RaceCounts> {
  const place = await createPlace(database);
  const store = await openStore(place.address);
  const processes = PROCESSES.map((name) =>
    new TaskProcess<RaceResult>("race_worker.ts", [place.address, name])
  );
  try {
    for (const one of processes) await one.hear("ready");
    for (const one of processes) one.say("go");
    await sleep(ms);
    const won = () => store.provider.getEventsFrom(STREAMS, undefined);
    await until(
      "some races",
      async () => (await won()).length >= LEAST_EVENTS,
    );
    await until("each to win one", async () => {
      const winners = (await won()).map(({ event }) => event.commit[0]);
      return PROCESSES.every((name) => winners.includes(name));
    }).catch(() => {
      // Who never won is counted below.
    });
    const results = await Promise.all(processes.map((one) => one.finish()));
    const ledger = new Ledger();
    const others: Record<string, number> = {};
    for (const result of results) {
      for (const { commit, events } of result.won) {
        ledger.note(commit, "acknowledged", events);
      }
      for (const { commit } of result.lost) ledger.note(commit, "refused");
      for (const [code, count] of Object.entries(result.others)) {
        others[code] = (others[code] ?? 0) + count;
      }
    }
    const log = await readLog(store.provider);
    const { acknowledged, refused } = ledger.check(log);
    const lost = results.flatMap((result) => result.lost);
    return {
      races: new Set(lost.map(({ version }) => version)).size,
      winners: acknowledged,
      losers: refused,
      others,
      won: ledger.events,
      events: log.length,
      starved: results.filter(({ won }) => won.length === 0).length,
    };
  } finally {
    for (const one of processes) await one.remove();
    await store.close();
    await place.remove();
  }
}
