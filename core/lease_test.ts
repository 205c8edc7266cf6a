import assert from "node:assert/strict";
import { test } from "node:test";
import { Lease } from "./lease.ts";

const me = { member: "m", process: "p", self: true };
const other = { member: "o", process: "q", self: false };

function setUp() {
  const world = { news: 0, fresh: true };
  const lease = new Lease("model", () => world.news++, () => {}, {
    isFresh: () => world.fresh,
    release: async () => {},
    giveWay: async () => {},
  });
  return { world, lease };
}

test("a lease is held from when the store says so, as long as that is fresh", () => {
  const { world, lease } = setUp();
  const states: boolean[][] = [];
  const look = () => states.push([lease.held(), lease.owned]);
  look();
  lease.keep(1, me);
  look();
  world.fresh = false;
  look();
  world.fresh = true;
  lease.suspend();
  look();
  lease.keep(1, me);
  look();
  lease.lose(other);
  look();
  assert.deepEqual(states, [
    [false, false],
    [true, true],
    [false, true],
    [false, false],
    [true, true],
    [false, false],
  ]);
});

test("only a change is news, and only another revision a new term", () => {
  const { world, lease } = setUp();
  const news = (work: () => void) => {
    const before = world.news;
    work();
    return [world.news - before, lease.term];
  };
  assert.deepEqual(news(() => lease.lose(other)), [0, 0]);
  assert.deepEqual(news(() => lease.keep(1, me)), [1, 1]);
  assert.deepEqual(news(() => lease.keep(1, me)), [0, 1]);
  assert.deepEqual(news(() => lease.keep(2, me)), [1, 2]);
  assert.deepEqual(news(() => lease.suspend()), [0, 2]);
  assert.deepEqual(news(() => lease.keep(2, me)), [1, 2]);
  assert.deepEqual(news(() => lease.lose(undefined)), [1, 2]);
  assert.deepEqual(news(() => lease.lose(other)), [0, 2]);
  assert.deepEqual(news(() => lease.keep(2, me)), [1, 3]);
});

test("it was found free where nobody owns it, until somebody does", () => {
  const { lease } = setUp();
  assert.equal(lease.foundFree, false);
  lease.lose(undefined);
  assert.equal(lease.foundFree, true);
  assert.equal(lease.waited, true);
  lease.lose(other);
  assert.equal(lease.foundFree, false);
  lease.lose(undefined);
  lease.keep(1, me);
  assert.equal(lease.foundFree, false);
});

test("an owner that is asked to give way holds it no longer, until it gets it anew", () => {
  const { world, lease } = setUp();
  lease.want();
  assert.equal(lease.wanted, false, "it has nothing to give");
  lease.keep(1, me);
  const before = world.news;
  lease.want();
  lease.want();
  assert.equal(world.news - before, 1);
  assert.deepEqual([lease.wanted, lease.held(), lease.owned], [
    true,
    false,
    true,
  ]);
  lease.keep(1, me);
  assert.equal(lease.wanted, true, "a heartbeat does not end the wish");
  lease.keep(2, me);
  assert.deepEqual([lease.wanted, lease.held()], [false, true]);
  lease.want();
  lease.lose(undefined);
  assert.equal(lease.wanted, false);
});
