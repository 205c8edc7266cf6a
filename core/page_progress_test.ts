import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "./fake_clock.ts";
import { type Checkpoint, PageProgress } from "./page_progress.ts";

/** A page of events at the places 10, 20, 30 and so on. */
function setUp(count: number, checkpoint: Checkpoint = {}) {
  const clock = new FakeClock();
  const world = { place: 0, stored: [] as number[], answer: true as unknown };
  const events = Array.from({ length: count }, (_, index): any => ({
    position: (index + 1) * 10,
  }));
  const progress = new PageProgress(
    events,
    {
      moveTo: (position: number) => void (world.place = position),
      async store() {
        if (world.answer instanceof Error) throw world.answer;
        world.stored.push(world.place);
        return world.answer;
      },
    } as any,
    clock,
    checkpoint,
  );
  return { clock, world, progress };
}

test("the place passes only what has nothing undone before it", async () => {
  const { world, progress } = setUp(4);
  progress.done(1, true);
  assert.equal(world.place, 0);
  progress.done(3, true);
  progress.done(0, false);
  assert.equal(world.place, 20);
  assert.deepEqual(progress.result, { seen: 2, handled: 1, moved: true });
  progress.done(2, true);
  assert.equal(world.place, 40);
  assert.deepEqual(progress.result, { seen: 4, handled: 3, moved: true });
  await progress.store();
  assert.deepEqual(world.stored, [40]);
});

test("where it would come to if one more were done", () => {
  const { progress } = setUp(4);
  assert.equal(progress.placeAfter(0), 10);
  assert.equal(progress.placeAfter(1), undefined, "the first is not done");
  progress.done(1, true);
  progress.done(3, true);
  assert.equal(progress.placeAfter(0), 20);
  progress.done(0, true);
  assert.equal(progress.placeAfter(2), 40);
  assert.equal(progress.placeAfter(3), 20);
});

test("the place is stored after so many events, and not twice", async () => {
  const { world, progress } = setUp(5, { events: 2 });
  await progress.store();
  for (let index = 0; index < 5; index++) await progress.done(index, true);
  assert.deepEqual(world.stored, [20, 40]);
  await progress.store();
  await progress.store();
  assert.deepEqual(world.stored, [20, 40, 50]);
});

test("it is stored after so long, a second unless one says so", async () => {
  for (const [checkpoint, ms] of [[{}, 1000], [{ ms: 50 }, 50]] as const) {
    const { world, progress, clock } = setUp(3, checkpoint);
    clock.pass(ms - 1);
    assert.equal(progress.done(0, true), undefined);
    clock.pass(1);
    await progress.done(1, true);
    assert.deepEqual(world.stored, [20]);
    clock.pass(ms - 1);
    assert.equal(progress.done(2, true), undefined);
  }
});

test("a place that is somebody else's by now is not stored again", async () => {
  const { world, progress } = setUp(3);
  progress.done(0, true);
  world.answer = false;
  await progress.store();
  assert.equal(progress.result.moved, false);
  world.answer = true;
  progress.done(1, true);
  await progress.store();
  assert.deepEqual(world.stored, [10]);
  assert.equal(progress.result.moved, false);
});

test("a store that fails is not tried again at each event", async () => {
  const { world, progress, clock } = setUp(3, { ms: 50 });
  clock.pass(50);
  world.answer = new Error("no connection");
  await assert.rejects(progress.done(0, true)!, /no connection/);
  assert.equal(progress.done(1, true), undefined);
  world.answer = true;
  clock.pass(50);
  await progress.done(2, true);
  assert.deepEqual(world.stored, [30]);
});
