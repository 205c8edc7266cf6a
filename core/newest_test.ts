import assert from "node:assert/strict";
import { test } from "node:test";
import { setNewest } from "./newest.ts";

test("what was set longest ago is forgotten, also if it was there before others", () => {
  const map = new Map<string, number>();
  for (const key of ["a", "b", "c", "a"]) setNewest(map, key, map.size, 3);
  assert.deepEqual([...map.keys()], ["b", "c", "a"]);
  setNewest(map, "d", 9, 3);
  assert.deepEqual([...map], [["c", 2], ["a", 3], ["d", 9]]);
});
