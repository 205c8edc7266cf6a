import type { Case } from "../case.ts";
import {
  expect,
  expectRefusal,
  expectSame,
  expectSamePosition,
  isStoreError,
} from "../expect.ts";
import { upTo } from "../numbered.ts";
import { heldAtSecond, prepareRebuild, replays } from "../rebuild.ts";
import { createGate, eventually } from "../time.ts";

/** A later version of a handler takes over where the one before has ended. */
export const rebuildCases: readonly Case[] = [
  {
    name: "rebuild: what was handled is a replay, what comes then is live",
    guarantee: 5,
    needs: ["records"],
    async run(subject) {
      const { append, version } = prepareRebuild(subject);
      const first = version(1);
      const last = await append(3);
      await first.handler.runOnce();
      const second = version(2, { provider: await subject.another() });
      await second.handler.runOnce();
      expectSame(second.numbers, upTo(3), "what version 2 has handled");
      expectSame(replays(second), upTo(3), "what is a replay for it");
      await append(2);
      expectSame(await second.handler.runOnce(), 2, "what runOnce returns");
      expectSame(second.numbers, upTo(5), "what version 2 has handled then");
      expectSame(replays(second), upTo(3), "what is a replay for it then");
      const { version: status } = await second.handler.status();
      expectSame(
        [status?.number, status?.live],
        [2, 2],
        "which version status() says is live",
      );
      expectSamePosition(
        status?.takenOverAt,
        last,
        "where status() says it has taken over",
      );
      const again = version(1);
      await expectRefusal(
        again.handler.runOnce(),
        isStoreError("HANDLER_RETIRED"),
        "version 1 to be refused",
      );
      expectSame(again.numbers, [], "what version 1 has handled then");
    },
  },
  {
    name: "rebuild: beside one that is at work, each event is live once",
    guarantee: 5,
    needs: ["records"],
    async run(subject) {
      const { append, version } = prepareRebuild(subject);
      const first = version(1);
      await append(5);
      first.handler.start();
      await eventually(
        () => first.numbers.length,
        (count) => count === 5,
        subject.patience,
      );
      const second = version(2, { provider: await subject.another() });
      second.handler.start();
      let count = 5;
      // The other process has to hear of it: a heartbeat, and two looks.
      await eventually(
        async () => {
          await append(1);
          count++;
          return (await second.handler.status()).version?.live;
        },
        (live) => live === 2,
        subject.patience * 2,
      );
      await append(1);
      count++;
      await eventually(
        () => second.numbers.length,
        (seen) => seen === count,
        subject.patience,
      );
      expectSame(second.numbers, upTo(count), "what version 2 has handled");
      expectSame(
        replays(second),
        first.numbers,
        "what is a replay for version 2, which is what version 1 has handled",
      );
      await eventually(
        async () => (await first.handler.status()).state,
        (state) => state === "retired",
        subject.patience,
      );
      expect(
        first.reports.length === 0 && second.reports.length === 0,
        `Expected a take-over to be no failure: onError was told of ${
          [...first.reports, ...second.reports].map(({ error }) => error)
        }`,
      );
    },
  },
  {
    name: "rebuild: one that fails leaves the version before live",
    guarantee: 5,
    needs: ["records"],
    async run(subject) {
      const { append, version } = prepareRebuild(subject);
      const first = version(1);
      await append(3);
      await first.handler.runOnce();
      let isBroken = true;
      const problem = new Error("version 2 does not work");
      const second = version(2, {
        onEvent: (number) => {
          if (isBroken && number === 1) throw problem;
        },
      });
      await expectRefusal(
        second.handler.runOnce(),
        (error) => error === problem,
        "a rebuild to reject with what its callback throws",
      );
      const status = await second.handler.status();
      expectSame(status.version?.live, 1, "which version is live");
      expectSame(
        [status.rebuild?.remaining, status.rebuild?.more],
        [2, false],
        "what status() says is left of the rebuild",
      );
      await append(1);
      await first.handler.runOnce();
      expectSame(first.numbers, upTo(4), "what version 1 has handled");
      isBroken = false;
      await second.handler.runOnce();
      await append(1);
      await second.handler.runOnce();
      expectSame(second.numbers, upTo(5), "what version 2 has handled");
      expectSame(replays(second), upTo(4), "what is a replay for version 2");
    },
  },
  {
    name: "rebuild: an earlier version that is started again stays retired",
    guarantee: 5,
    needs: ["records"],
    async run(subject) {
      const { append, version, stream, id } = prepareRebuild(subject);
      await append(2);
      await version(1).handler.runOnce();
      const second = version(2);
      await second.handler.runOnce();
      await append(1);
      await second.handler.runOnce();
      const again = version(1, { provider: await subject.another() });
      again.handler.start();
      await eventually(
        async () => (await again.handler.status()).state,
        (state) => state === "retired",
        subject.patience,
      );
      expectSame(again.numbers, [], "what the retired version has handled");
      expect(
        isStoreError("HANDLER_RETIRED")(again.reports[0]?.error),
        "Expected onError to be told of a version that is started too late",
      );
      await append(1);
      await expectRefusal(
        again.handler.handled(stream, id, 4, { timeout: 50 }),
        isStoreError("HANDLER_BEHIND"),
        "handled() to wait for the version that is live",
      );
      await second.handler.runOnce();
      const timeout = subject.patience;
      await again.handler.handled(stream, id, 4, { timeout });
      expectSame(again.numbers, [], "what the retired version has handled");
    },
  },
  {
    name: "rebuild: what the version before has parked is settled first",
    guarantee: 5,
    needs: ["records"],
    async run(subject) {
      const { append, version, id } = prepareRebuild(subject);
      await append(2);
      const first = version(1, {
        onFailure: "park",
        retry: { times: 0 },
        onEvent: (number) => {
          if (number === 1) throw new Error("bad event");
        },
      });
      await first.handler.runOnce();
      const second = version(2);
      await expectRefusal(
        second.handler.runOnce(),
        isStoreError("TAKE_OVER_WAITS"),
        "a take-over to wait for what is parked",
      );
      expectSame(
        (await second.handler.status()).version?.live,
        1,
        "which version is live",
      );
      await first.handler.discard({ aggregateId: id, version: 2 });
      await second.handler.runOnce();
      expectSame(
        (await second.handler.status()).version?.live,
        2,
        "which version is live then",
      );
    },
  },
  {
    name: "rebuild: a transaction that begins too late is rolled back",
    guarantee: 5,
    needs: ["records", "transact"],
    async run(subject) {
      const { append, version } = prepareRebuild(subject);
      const [key, held] = [subject.unique("late"), createGate()];
      const late = version(1, {
        transactional: true,
        provider: heldAtSecond(subject.provider, held.opened),
        onEvent: (number, _event, _id, tx) =>
          subject.scratch.write(tx, `${key}-${number}`, "version 1"),
      });
      await append(2);
      await late.handler.runOnce();
      await append(1);
      const running = late.handler.runOnce().then(
        () => "ran",
        (error) => error,
      );
      const second = version(2, { transactional: true });
      await second.handler.runOnce();
      expectSame(replays(second), upTo(2), "what is a replay for version 2");
      expectSame(second.numbers, upTo(3), "what version 2 has handled");
      held.open();
      expect(
        isStoreError("HANDLER_RETIRED")(await running),
        "Expected version 1 to learn that it is retired",
      );
      expectSame(
        await subject.scratch.read(`${key}-1`),
        "version 1",
        "what version 1 wrote in time",
      );
      expectSame(
        await subject.scratch.read(`${key}-2`),
        undefined,
        "what version 1 wrote too late",
      );
    },
  },
  {
    name: "rebuild: without records a version is refused",
    without: "records",
    async run(subject) {
      const { version } = prepareRebuild(subject);
      await expectRefusal(
        Promise.resolve().then(() => version(2)),
        isStoreError("NOT_SUPPORTED"),
        "a version to be refused",
      );
    },
  },
];
