import assert from "node:assert/strict";
import { test } from "node:test";
import { draw } from "./rendezvous.ts";
import { SharedHandlers, shareOut } from "./share_out.ts";
import { allSlices } from "./slices.ts";

const members = Array.from({ length: 9 }, (_, index) => `process${index}`);

test("each member gets as many shards as the others, or one less", () => {
  for (let shards = 1; shards <= 64; shards++) {
    for (let count = 1; count <= members.length; count++) {
      const some = members.slice(0, count);
      const owners = shareOut("model", shards, some);
      const counts = some.map((one) =>
        owners.filter((owner) => owner === one).length
      );
      assert.equal(owners.length, shards);
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${counts}`);
    }
  }
});

test("it does not matter in which order the members are known", () => {
  const some = members.slice(0, 5);
  assert.deepEqual(
    shareOut("model", 64, some),
    shareOut("model", 64, some.toReversed()),
  );
});

test("nor where two draw the same number", () => {
  const [one, other] = ["process926551", "process1155000"] as const;
  assert.equal(draw("model/0", one), draw("model/0", other));
  for (const some of [[one, other], [other, one]]) {
    // Text is compared, so it is the one with the lower digit.
    assert.deepEqual(shareOut("model", 1, some), [other]);
  }
});

test("every release gives the same to the same, as two may run at once", () => {
  assert.deepEqual(
    shareOut("model", 8, ["one", "two", "three"]),
    ["two", "one", "two", "two", "one", "three", "three", "one"],
  );
});

test("a member that leaves moves few of the others' shards", () => {
  const before = shareOut("model", 64, members.slice(0, 4));
  const after = shareOut("model", 64, members.slice(0, 3));
  const moved = before.filter((owner, shard) =>
    owner !== members[3] && owner !== after[shard]
  );
  // None need move; all 48 would if they were dealt out anew.
  assert.ok(moved.length <= 16, String(moved.length));
});

test("handlers of different names go to different members", () => {
  const few = Array.from(
    { length: 50 },
    (_, index) => shareOut(`model${index}`, 1, members)[0],
  );
  assert.ok(new Set(few).size > 5);
});

test("while numbers differ, all members follow the greatest", () => {
  const shared = new SharedHandlers();
  shared.add("one", { model: 2 });
  shared.add("two", { model: 64, other: 1 });
  const ownerOf = (slice: number) =>
    shared.ownerOf({
      ...{ handler: "model", slice, shards: 2, isLeaving: () => false },
    });
  const owners = allSlices.map(ownerOf);
  assert.deepEqual(owners, shareOut("model", 64, ["one", "two"]));
  assert.equal(
    shared.ownerOf({
      ...{ handler: "none", slice: 0, shards: 1, isLeaving: () => false },
    }),
    undefined,
  );
});
