import assert from "node:assert/strict";
import { Timestamp } from "npm:mongodb@7";
import {
  appendTo,
  createGate,
  onMongo,
  open,
  openEmpty,
  sleep,
  Tail,
} from "./support.ts";

onMongo(
  "an event that others overtake is skipped if a clock gives positions",
  async (t) => {
    const { events, database } = openEmpty(t);
    await database.createCollection("events");
    const insert = (i: number, session?: any) =>
      events.insertOne({ position: new Timestamp({ t: 1, i }) }, { session });
    const readAfter = async (position: Timestamp) =>
      (await events.find({ position: { $gt: position } }).toArray())
        .map((found: any) => found.position.getLowBitsUnsigned());

    const session = database.client.startSession();
    session.startTransaction();
    await insert(1, session);
    await insert(2);
    const first = await readAfter(new Timestamp({ t: 1, i: 0 }));
    await session.commitTransaction();
    await session.endSession();
    const second = await readAfter(new Timestamp({ t: 1, i: 2 }));
    assert.deepEqual([...first, ...second], [2]);
  },
);

onMongo("an event that others wait for is read before theirs", async (t) => {
  const { provider } = await open(t);
  const [isHeld, mayCommit] = [createGate(), createGate()];
  const holding = provider.transact(async (tx) => {
    await appendTo(provider, "held", 1, { count: 2, tx });
    isHeld.open();
    await mayCommit.opened;
  });
  await isHeld.opened;
  const later = [1, 2].map((id) => appendTo(provider, `later ${id}`, 1));
  const tail = new Tail(provider, "counters");
  await sleep(100);
  await tail.read();
  assert.deepEqual(tail.seen, []);
  mayCommit.open();
  await holding;
  await Promise.all(later);
  await tail.read();
  assert.deepEqual(tail.seen.slice(0, 2), [
    "counters held 1",
    "counters held 2",
  ]);
  assert.equal(tail.seen.length, 4);
});
