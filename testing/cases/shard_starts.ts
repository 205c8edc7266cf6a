import type { Case } from "../case.ts";
import { expectRefusal, expectSame, isStoreError } from "../expect.ts";
import { SharedWork } from "../shards.ts";
import { eventually } from "../time.ts";

/** Where the slices of a handler begin, whatever was at work on it before. */
export const shardStartCases: readonly Case[] = [
  {
    name: "shards: another number of them goes on where the last one stood",
    guarantee: 3,
    needs: ["records"],
    async run(subject) {
      const work = new SharedWork(subject);
      const ids = work.ids(20);
      for (const shards of [4, 64, 1, 7]) {
        await work.append(ids);
        await subject.log(work.stream, work.versions.get(ids[0]!)! * 20);
        await work.handler({ shards }).runOnce();
      }
      work.expectAllInOrder();
    },
  },
  {
    name: "shards: they go on where a handler without them stood, and end it",
    guarantee: 3,
    needs: ["records"],
    async run(subject) {
      const work = new SharedWork(subject);
      const ids = work.ids(20);
      await work.append(ids);
      const before = work.unshared();
      before.start();
      await work.untilHandled(20);
      const after = work.handler({ provider: await subject.another() });
      after.start();
      await work.append(ids);
      await work.untilHandled(40);
      const { state } = await eventually(
        () => before.status(),
        ({ state }) => state === "retired",
        subject.patience * 4,
      );
      expectSame(state, "retired", "the state of the one without shards");
      await work.append(ids);
      await work.untilHandled(60);
      work.expectAllInOrder();
    },
  },
  {
    name: "shards: a handler without them is refused once there were some",
    guarantee: 3,
    needs: ["records"],
    async run(subject) {
      const work = new SharedWork(subject);
      const ids = work.ids(20);
      await work.fill(ids);
      await work.handler().runOnce();
      await work.fill(ids);
      await expectRefusal(
        work.unshared().runOnce(),
        isStoreError("HANDLER_SHARDED"),
        "a handler without shards to be refused with HANDLER_SHARDED",
      );
      await expectRefusal(
        work.unshared({ version: 2 }).runOnce(),
        isStoreError("HANDLER_SHARDED"),
        "a rebuild without shards to be refused with HANDLER_SHARDED",
      );
      await work.handler({ shards: 1 }).runOnce();
      work.expectAllInOrder();
    },
  },
  {
    name: "shards: tailStream begins all of them at the end",
    guarantee: 3,
    needs: ["records"],
    async run(subject) {
      const work = new SharedWork(subject);
      const ids = work.ids(20);
      await work.fill(ids);
      expectSame(
        await work.handler({ tailStream: true }).runOnce(),
        0,
        "what the first runOnce returns",
      );
      await work.fill(ids);
      await work.handler({ tailStream: true }).runOnce();
      expectSame(
        work.handled.map(({ version }) => version),
        ids.map(() => 2),
        "what was handled",
      );
    },
  },
];
