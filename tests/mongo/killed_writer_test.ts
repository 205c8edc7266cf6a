import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import {
  appendTo,
  isLong,
  onMongo,
  open,
  type Opened,
  startWorker,
  Tail,
} from "./support.ts";
import { startPrivateServer } from "./private_server.ts";

onMongo(
  "nothing is left of a writer that is killed inside its transaction",
  async (t) => {
    const server = await startPrivateServer(t);
    if (!server) return;
    const opened = await open(t, {}, server);
    await killWriter(t, opened);
    // The server forgets it at the latest when it is started again.
    await server.kill();
    await server.restart();
    await expectClean(opened, await appendTo(opened.provider, "next", 1));
  },
);

// Servers do that after a minute, by default.
const onMongoForLong: typeof onMongo = isLong ? onMongo : () => {};

onMongoForLong(
  "a killed writer holds the others up until the server ends its transaction",
  async (t) => {
    const server = await startPrivateServer(t);
    if (!server) return;
    const opened = await open(t, {}, server);
    await killWriter(t, opened);
    const codes = new Set<string>();
    let positions: any[] | undefined;
    for (let tries = 0; !positions && tries < 12; tries++) {
      positions = await appendTo(opened.provider, "next", 1).catch((error) => {
        codes.add(error.code);
        return undefined;
      });
    }
    // What was tried in vain may have been stored after all.
    const refusals = [...codes].filter((code) =>
      !["OUTCOME_UNKNOWN", "STORE_BUSY", "VERSION_CONFLICT"].includes(code)
    );
    assert.deepEqual(refusals, []);
    const events = await opened.provider.getEventsFor("counters", "next");
    await expectClean(opened, events.map(({ position }) => position));
  },
);

async function killWriter(
  t: TestContext,
  { provider, url }: Opened,
): Promise<void> {
  const worker = startWorker(t, url, "hold");
  await worker.says("inside");
  worker.child.kill("SIGKILL");
  const tail = new Tail(provider, "held", "counters");
  await tail.read();
  assert.deepEqual(tail.seen, []);
}

async function expectClean(
  { provider }: Opened,
  positions: any[],
): Promise<void> {
  assert.deepEqual(
    positions.map((position) => position.getLowBitsUnsigned()),
    [1],
  );
  const tail = new Tail(provider, "held", "counters");
  await tail.read();
  assert.deepEqual(tail.seen, ["counters next 1"]);
}
