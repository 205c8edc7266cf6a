import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../core/fake_clock.ts";
import type { StoreError } from "../../core/errors.ts";
import { HorizonTracker } from "./postgres_horizon.ts";
import type { Position } from "./postgres_rows.ts";

/** A server as the tracker sees it, and what was asked of it. */
function createServer() {
  const server = {
    newest: 0 as number | string,
    writers: [] as string[],
    started: "1",
    isStandby: 0,
    isolation: "read committed",
    isShared: false,
    looks: 0,
    checks: 0,
  };
  const clock = new FakeClock();
  const tracker = new HorizonTracker({
    async look(safe: Position) {
      server.looks++;
      const { newest, isStandby, started, isolation, writers } = server;
      await Promise.resolve();
      const isNew = BigInt(newest) > BigInt(safe);
      return [
        newest,
        isStandby,
        started,
        isolation,
        isNew ? writers.join() : null,
      ];
    },
    check: async () => void server.checks++,
    isShared: async () => server.isShared,
  }, clock);
  const safe = async (newest: number | string, ...writers: string[]) => {
    Object.assign(server, { newest, writers });
    return (await tracker.refresh()).safe;
  };
  return { server, tracker, clock, safe };
}

describe("HorizonTracker", () => {
  it("is at the newest event when nobody writes", async () => {
    const { safe } = createServer();
    assert.deepEqual([await safe(0), await safe(5), await safe(9)], [0, 5, 9]);
  });

  it("stays where it was when a writer was first seen, and goes on", async () => {
    const { safe } = createServer();
    assert.equal(await safe(5), 5);
    assert.equal(await safe(7, "3/1"), 5);
    assert.equal(await safe(9, "3/1"), 5);
    // Whoever comes later draws beyond what was newest before.
    assert.equal(await safe(12, "4/1"), 9);
    assert.equal(await safe(12, "4/1", "5/1"), 9);
    assert.equal(await safe(12), 12);
  });

  it("knows nothing of writers that were there before it", async () => {
    const { safe } = createServer();
    assert.equal(await safe(100, "3/1"), 0);
    assert.equal(await safe(120, "4/1"), 100);
  });

  it("goes back when the log has, and looks again", async () => {
    const { server, safe } = createServer();
    assert.equal(await safe(100), 100);
    assert.equal(await safe(3, "3/1"), 0);
    assert.equal(server.checks, 2);
    assert.equal(await safe(3), 3);
  });

  it("knows nothing after a restart of the server", async () => {
    const { server, safe } = createServer();
    assert.equal(await safe(10), 10);
    server.started = "2";
    assert.equal(await safe(20, "3/1"), 0);
    assert.equal(await safe(20), 20);
  });

  it("knows nothing of a prepared transaction with a new key", async () => {
    const { safe } = createServer();
    assert.equal(await safe(10), 10);
    assert.equal(await safe(20, "-1/7"), 10);
    // It is another one for all that is known, and began at any time.
    const other = createServer();
    assert.equal(await other.safe(20, "-1/7"), 0);
    assert.equal(await other.safe(30, "-1/7", "3/1"), 0);
    assert.equal(await other.safe(30), 30);
  });

  it("refuses a standby, saying what to do", async () => {
    const { server, safe } = createServer();
    server.isStandby = 1;
    await assert.rejects(safe(1), (error: StoreError) => {
      assert.equal(error.code, "NOT_SUPPORTED");
      assert.match(error.message, /standby.*primary.*serialized/);
      return true;
    });
  });

  it("refuses another isolation level only on a connection that is shared", async () => {
    const { server, safe } = createServer();
    server.isolation = "repeatable read";
    assert.equal(await safe(1), 1);
    server.isShared = true;
    await assert.rejects(
      safe(2),
      (error: StoreError) => error.code === "TRANSACTION_FOREIGN",
    );
  });

  it("serves all who ask at once by one look, begun after they asked", async () => {
    const { server, tracker, safe } = createServer();
    await safe(1);
    const before = server.looks;
    const first = tracker.refresh();
    server.newest = 2;
    const [one, two, three] = await Promise.all([
      first,
      tracker.refresh(),
      tracker.refresh(),
    ]);
    assert.deepEqual([one.safe, two.safe, three.safe], [1, 2, 2]);
    assert.equal(server.looks - before, 2);
  });

  it("says for how long readers were held back at one place", async () => {
    const { tracker, clock, safe } = createServer();
    await safe(1);
    clock.pass(60_000);
    await safe(2, "3/1");
    assert.equal(tracker.heldMs, 0);
    clock.pass(3000);
    await safe(3, "3/1", "4/1");
    assert.equal(tracker.heldMs, 3000);
    assert.equal(tracker.ageOf("3/1"), 3000);
    assert.equal(tracker.ageOf("4/1"), 0);
    await safe(4, "4/1");
    assert.equal(tracker.heldMs, 0);
  });

  it("keeps positions exact that no number can hold", async () => {
    const { safe } = createServer();
    assert.equal(await safe("9007199254740993"), 9007199254740993n);
    assert.equal(
      await safe("9007199254740999", "3/1"),
      9007199254740993n,
    );
  });
});
