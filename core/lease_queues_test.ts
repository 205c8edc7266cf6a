import assert from "node:assert/strict";
import { test } from "node:test";
import { Lease } from "./lease.ts";
import { LeaseQueues } from "./lease_queues.ts";

const me = { member: "m", process: "p", self: true };

function setUp() {
  const queues = new LeaseQueues();
  const names = new Map<Lease | undefined, string>([[undefined, "nobody"]]);
  const giver = {
    isFresh: () => true,
    release: async () => {},
    giveWay: async () => {},
  };
  const lease = (name: string, first = false, bookmark = "model") => {
    const made = new Lease(bookmark, () => {}, () => {}, giver, first);
    names.set(made, name);
    return made;
  };
  /** In which order they would get it. */
  const order = () => {
    const found = [];
    const copy: Lease[] = [];
    for (let head; (head = queues.head("model"));) {
      found.push(names.get(head)!);
      copy.push(head);
      queues.remove(head);
    }
    return { found, copy };
  };
  const next = (lease: Lease | undefined) => names.get(lease);
  return { queues, lease, order, next };
}

test("handlers of one process get a bookmark in the order they asked", () => {
  const { queues, lease, order } = setUp();
  const [one, two] = [lease("one"), lease("two")];
  queues.add(one);
  one.keep(1, me);
  queues.add(two);
  assert.equal(one.waited, false);
  assert.equal(two.waited, true);
  assert.deepEqual(two.owner, me);
  queues.add(lease("three"));
  queues.add(lease("elsewhere", false, "other"));
  assert.equal(queues.size, 2);
  assert.deepEqual(queues.bookmarks(), ["model", "other"]);
  assert.equal(queues.heads().length, 2);
  assert.deepEqual(queues.wishes(), []);
  assert.equal(one.wanted, false);
  assert.deepEqual(order().found, ["one", "two", "three"]);
  assert.equal(queues.size, 1);
});

test("who comes first stands behind the owner, who is asked to give way", () => {
  const { queues, lease, order } = setUp();
  const owner = lease("owner");
  queues.add(owner);
  owner.keep(1, me);
  queues.add(lease("waiting"));
  queues.add(lease("first", true));
  queues.add(lease("second", true));
  queues.add(lease("late"));
  assert.equal(owner.wanted, true);
  assert.deepEqual(queues.wishes(), ["model"]);
  assert.deepEqual(order().found, [
    "owner",
    "first",
    "second",
    "waiting",
    "late",
  ]);
});

test("who comes first stands before one that has it not yet", () => {
  const { queues, lease, order } = setUp();
  const head = lease("head");
  queues.add(head);
  queues.add(lease("first", true));
  assert.equal(head.wanted, false);
  assert.deepEqual(order().found, ["first", "head"]);
});

test("one that comes first and has it is not asked to give way", () => {
  const { queues, lease, order } = setUp();
  const head = lease("head", true);
  queues.add(head);
  head.keep(1, me);
  queues.add(lease("second", true));
  assert.equal(head.wanted, false);
  assert.deepEqual(order().found, ["head", "second"]);
});

test("who gives way goes to the end, behind the one that comes first", () => {
  const { queues, lease, order, next } = setUp();
  const owner = lease("owner");
  queues.add(owner);
  owner.keep(1, me);
  queues.add(lease("waiting"));
  assert.equal(next(queues.moveBack(owner)), "nobody");
  const { found, copy } = order();
  assert.deepEqual(found, ["waiting", "owner"]);
  copy.forEach((one) => queues.add(one));
  queues.add(lease("first", true));
  assert.equal(next(queues.moveBack(owner)), "first");
  assert.deepEqual(order().found, ["first", "waiting", "owner"]);
});
