import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Look, MysqlHorizonTracker } from "./mysql_horizon.ts";

type Step = Partial<Look> & { newest: number };

/** A tracker that sees these looks, and what it makes of each. */
async function track(...steps: Step[]): Promise<number[]> {
  const asked: number[] = [];
  let at = 0;
  const tracker = new MysqlHorizonTracker((safe) => {
    asked.push(safe);
    const { newest, isDense = false, writers = [] } = steps[at++]!;
    return Promise.resolve({ newest, isDense, writers });
  });
  const ends: number[] = [];
  while (at < steps.length) ends.push((await tracker.refresh()).safe);
  return ends;
}

describe("MysqlHorizonTracker", () => {
  it("goes to the newest when nobody writes", async () => {
    assert.deepEqual(await track({ newest: 3 }, { newest: 7 }), [3, 7]);
  });

  it("knows nothing of a writer that it meets at its first look", async () => {
    const step = { newest: 5, writers: ["a"] };
    assert.deepEqual(await track(step, step, { newest: 5 }), [0, 0, 5]);
  });

  it("stays before what a writer may have drawn, until it has ended", async () => {
    assert.deepEqual(
      await track(
        { newest: 3 },
        { newest: 6, writers: ["a"] },
        { newest: 9, writers: ["a", "b"] },
        { newest: 12, writers: ["b"] },
        { newest: 12 },
      ),
      [3, 3, 3, 6, 12],
    );
  });

  it("passes all writers behind a log without gaps", async () => {
    assert.deepEqual(
      await track(
        { newest: 3 },
        { newest: 6, isDense: true, writers: [] },
        { newest: 9, writers: ["a"] },
      ),
      [3, 6, 6],
    );
  });

  it("stays where it is while writers cannot be told", async () => {
    assert.deepEqual(
      await track(
        { newest: 3, writers: true },
        { newest: 6, writers: false },
        { newest: 6, writers: true },
      ),
      [3, 3, 6],
    );
  });

  it("begins anew when the log has become shorter", async () => {
    assert.deepEqual(
      await track(
        { newest: 9 },
        { newest: 2 },
        { newest: 2, writers: ["a"] },
        { newest: 2 },
      ),
      [9, 0, 2],
    );
  });

  it("begins anew after a failure, as keys may be given again", async () => {
    let at = 0;
    const tracker = new MysqlHorizonTracker(() => {
      at++;
      if (at === 2) return Promise.reject(new Error("lost"));
      const writers = at === 3 ? ["a"] : [];
      return Promise.resolve({ newest: 5, isDense: false, writers });
    });
    assert.equal((await tracker.refresh()).safe, 5);
    await assert.rejects(tracker.refresh(), /^Error: lost$/);
    assert.deepEqual(await tracker.refresh(), { safe: 0, isBlocked: true });
  });

  it("looks again for whoever asks while it is looking, once for all", async () => {
    let looks = 0;
    const tracker = new MysqlHorizonTracker(() =>
      Promise.resolve({ newest: ++looks, isDense: true, writers: true })
    );
    const asked = [1, 2, 3, 4].map(() => tracker.refresh());
    const ends = (await Promise.all(asked)).map(({ safe }) => safe);
    assert.deepEqual(ends, [1, 2, 2, 2]);
    assert.equal(looks, 2);
  });
});
