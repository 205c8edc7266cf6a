import assert from "node:assert/strict";
import { COMMIT_SIZE } from "../../providers/nats_position.ts";
import { natsUrl } from "../providers/support/nats.ts";
import {
  compareLog,
  isLong,
  nameOf,
  onNats,
  open,
  readAll,
  sleep,
  startWorker,
  until,
} from "./support.ts";

const WRITING_MS = isLong ? 60_000 : 3000;
const PROCESSES = 3;
/** Commits have up to three events, so that pages end inside one. */
const PAGE = 2;

onNats(
  "a reader and a handler beside writers of three processes miss nothing",
  async (t) => {
    const { provider, name, another } = await open(t);
    const handler = startWorker(t, natsUrl!, name, "h", "handle");
    const seen: string[] = [];
    // A reader that takes a commit it has seen a part of for read.
    const naivelySeen: string[] = [];
    let isOver = false;
    const read = async (seen: string[], next: (position: number) => number) => {
      const reader = await another();
      for (let position = 0;;) {
        const wasOver = isOver;
        const page = await reader.getEventsFrom("written", position, PAGE);
        seen.push(...page.map(nameOf));
        const last = page.at(-1)?.position;
        position = page.scannedTo ??
          (last === undefined ? position : next(last));
        if (page.length === 0 && wasOver) return;
        if (page.length === 0) await sleep(1);
      }
    };
    const reading = Promise.all([
      read(seen, (position) => position),
      read(
        naivelySeen,
        (position) => Math.ceil(position / COMMIT_SIZE) * COMMIT_SIZE,
      ),
    ]);
    const writers = Array.from(
      { length: PROCESSES },
      (_, index) => startWorker(t, natsUrl!, name, `w${index}`, "write", "3"),
    );
    const acknowledged = () => writers.flatMap(({ lines }) => lines());
    await until(
      "writers to begin",
      () => writers.every(({ lines }) => lines().length > 0),
    );
    await sleep(WRITING_MS);
    for (const { child } of writers) child.stdin!.end();
    await Promise.all(writers.map(({ ended }) => ended));
    isOver = true;
    await reading;

    const log = await readAll(provider, "written");
    const names = log.map(nameOf);
    const { lost, unordered, duplicated } = compareLog(log, acknowledged());
    assert.deepEqual(
      { lost, unordered, duplicated },
      { lost: [], unordered: [], duplicated: [] },
    );
    assert.equal(names.length, acknowledged().length);
    assert.deepEqual(seen, names, "the reader");
    await until("the handler", () => handler.lines().length >= names.length);
    assert.deepEqual(handler.lines(), names, "the handler");
    assert(
      naivelySeen.length < names.length,
      "A naive reader would have seen all",
    );
    t.diagnostic(
      `${PROCESSES} processes, ${names.length} events: missed 0; naively ${
        names.length - naivelySeen.length
      }`,
    );
  },
);
