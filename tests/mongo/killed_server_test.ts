import assert from "node:assert/strict";
import { StoreError } from "evtstore";
import {
  isLong,
  nameOf,
  onMongo,
  open,
  sleep,
  startWorker,
  Tail,
} from "./support.ts";
import { startPrivateServer } from "./private_server.ts";

const ROUNDS = isLong ? 10 : 1;
/** Four writers each. */
const PROCESSES = isLong ? 8 : 2;
const PATIENCE = isLong ? 120_000 : 60_000;

onMongo(
  "a server that is killed under load, and a writer inside its transaction: nothing is lost or skipped",
  async (t) => {
    const server = await startPrivateServer(t);
    if (!server) return;
    const { provider, url, events } = await open(t, {}, server);
    const tail = new Tail(provider, "counters", "held");
    let isOver = false;
    const reading = (async () => {
      while (!isOver) {
        await tail.read().catch((error) => {
          if (!(error instanceof StoreError)) throw error;
        });
        await sleep(5);
      }
    })();

    const workers = Array.from(
      { length: PROCESSES },
      (_, index) => startWorker(t, url, "acknowledge", `w${index}`),
    );
    const acknowledged = () =>
      workers.flatMap(({ lines }) => lines()).filter((line) =>
        line.startsWith("counters ")
      );
    const until = async (isSo: () => boolean, what: string) => {
      const end = performance.now() + PATIENCE;
      while (!isSo()) {
        assert(performance.now() < end, `Not in time: ${what}`);
        await sleep(20);
      }
    };
    for (let round = 1; round <= ROUNDS; round++) {
      const start = acknowledged().length;
      await until(
        () => acknowledged().length > start + 20 * PROCESSES,
        `load before kill ${round}`,
      );
      // It has the next slot, so the others wait for it by then.
      const holder = startWorker(t, url, "hold");
      await holder.says("inside");
      holder.child.kill("SIGKILL");
      await server.kill();
      await server.restart();
      const end = acknowledged().length;
      await until(
        () => acknowledged().length > end + 10,
        `writers go on after kill ${round}`,
      );
    }
    for (const { child } of workers) child.kill("SIGKILL");
    // What a killed process has begun may still come to its end.
    await sleep(500);
    const readAll = () => events.find({}, { sort: { position: 1 } }).toArray();
    const names: string[] = (await readAll()).map(nameOf);
    await until(() => tail.seen.length >= names.length, "the reader");
    isOver = true;
    await reading;

    const stored = new Set(names);
    const told = acknowledged();
    assert.deepEqual(told.filter((name) => !stored.has(name)), [], "lost");
    assert.deepEqual(tail.seen, names, "skipped");
    assert.equal(names.filter((name) => name.startsWith("held")).length, 0);
    t.diagnostic(
      `${PROCESSES} processes, ${ROUNDS} kills of the server and of a writer: ${told.length} events acknowledged and ${names.length} stored, lost 0, skipped 0`,
    );
  },
);
