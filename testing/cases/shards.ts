import type { Case } from "../case.ts";
import { expect, expectRefusal, expectSame, isStoreError } from "../expect.ts";
import { record } from "../recorder.ts";
import { SharedWork } from "../shards.ts";
import type { Subject } from "../subject.ts";
import { createGate, eventually } from "../time.ts";

/** A handler that is shared out over processes by slices. */
export const shardCases: readonly Case[] = [
  {
    name: "shards: every event is handled once, those of an aggregate in order",
    guarantee: 4,
    needs: ["records"],
    async run(subject) {
      const work = new SharedWork(subject);
      const ids = work.ids(30);
      await work.fill(ids, 2);
      const handler = work.handler();
      expectSame(await handler.runOnce(), 60, "what runOnce returns");
      work.expectAllInOrder();
      await work.fill(ids);
      expectSame(
        (await handler.status()).lag.events,
        30,
        "how far it is behind",
      );
      await handler.runOnce();
      work.expectAllInOrder();
      const { shards, lag } = await handler.status();
      expectSame(shards?.count, 8, "the shards");
      expectSame(lag.events, 0, "how far it is behind then");
    },
  },
  {
    name: "shards: an aggregate that is slow holds up its own slice alone",
    guarantee: 4,
    needs: ["records"],
    async run(subject) {
      const work = new SharedWork(subject);
      const ids = work.ids(40);
      const [slow] = ids as [string];
      const gate = createGate();
      subject.cleanUp(gate.open);
      const handler = work.handler({
        onEvent: (_number, _event, id) => id === slow ? gate.opened : undefined,
      });
      await work.fill(ids, 2);
      const running = handler.runOnce();
      const others = ids.filter((id) =>
        work.sliceOf(id) !== work.sliceOf(slow)
      );
      await work.untilHandled(others.length * 2);
      for (const id of others) {
        expectSame(work.seen(id), [1, 2], "what was handled of the others");
      }
      expectSame(work.seen(slow), [], "what was handled of the slow one");
      gate.open();
      await running;
      work.expectAllInOrder();
    },
  },
  {
    name: "shards: an event that fails holds up its own slice alone",
    guarantee: 7,
    needs: ["records"],
    async run(subject) {
      const work = new SharedWork(subject);
      const ids = work.ids(40);
      const [failing] = ids as [string];
      let isBroken = true;
      const problem = new Error("bad event");
      const handler = work.handler({
        onEvent(_number, _event, id) {
          if (isBroken && id === failing) throw problem;
        },
      });
      await work.fill(ids, 2);
      await expectRefusal(
        handler.runOnce(),
        (error) => error === problem,
        "runOnce to reject with what the callback throws",
      );
      const others = ids.filter((id) =>
        work.sliceOf(id) !== work.sliceOf(failing)
      );
      for (const id of others) {
        expectSame(work.seen(id), [1, 2], "what was handled of the others");
      }
      expectSame(work.seen(failing), [], "what was handled of the failing one");
      isBroken = false;
      await handler.runOnce();
      work.expectAllInOrder();
    },
  },
  {
    name:
      "shards: processes share the slices, and one that stops hands them on",
    guarantee: 6,
    needs: ["records"],
    async run(subject) {
      const work = new SharedWork(subject);
      const ids = work.ids(30);
      const first = work.handler();
      const second = work.handler({ provider: await subject.another() });
      first.start();
      await work.append(ids);
      await work.untilHandled(30);
      second.start();
      const slices = await untilShared(subject, second, 32);
      expectSame(slices, 32, "how many slices the second one gets");
      await work.append(ids);
      await work.untilHandled(60);
      const by = new Set(work.handled.slice(30).map(({ by }) => by));
      expectSame([...by].sort(), [0, 1], "which of them have worked");
      await first.stop();
      await work.append(ids);
      await work.untilHandled(90);
      work.expectAllInOrder();
      expectSame(
        await untilShared(subject, second, 64),
        64,
        "how many slices the last one has",
      );
    },
  },
  {
    name: "shards: what fails is parked, and replayed in any process",
    guarantee: 7,
    needs: ["records"],
    async run(subject) {
      const work = new SharedWork(subject);
      const ids = work.ids(20);
      const [failing] = ids as [string];
      let isBroken = true;
      await work.fill(ids, 2);
      const options = {
        onFailure: "park",
        retry: { times: 0 },
        onEvent(_number: unknown, _event: unknown, id: string) {
          if (isBroken && id === failing) throw new Error("bad event");
        },
      } as const;
      const handler = work.handler(options);
      await handler.runOnce();
      expectSame(
        (await handler.parked()).map((one) => [
          ...[one.aggregateId, one.version, one.lastVersion],
        ]),
        [[failing, 1, 2]],
        "what is parked",
      );
      expectSame(work.handled.length, 38, "how many were handled");
      isBroken = false;
      const elsewhere = work.handler({
        ...options,
        provider: await subject.another(),
      });
      expectSame(
        await elsewhere.replay({ aggregateId: failing }),
        2,
        "what replay returns",
      );
      expectSame(await handler.parked(), [], "what is parked then");
      work.expectAllInOrder();
    },
  },
  {
    name: "shards: handled() waits for an aggregate in whichever process",
    needs: ["records"],
    async run(subject) {
      const work = new SharedWork(subject);
      const ids = work.ids(10);
      const first = work.handler();
      first.start();
      const elsewhere = work.handler({ provider: await subject.another() });
      await work.append(ids);
      const timeout = subject.patience * 4;
      for (const id of ids) {
        await first.handled(work.stream, id, 1, { timeout });
        await elsewhere.handled(work.stream, id, 1, { timeout });
      }
      work.expectAllInOrder();
    },
  },
  {
    name: "shards: each slice is handled exactly once in its transactions",
    guarantee: 5,
    needs: ["records", "transact"],
    async run(subject) {
      const work = new SharedWork(subject);
      const ids = work.ids(12);
      await work.fill(ids, 2);
      const key = subject.unique("key");
      let fails = 3;
      const handler = work.handler({
        transactional: true,
        async onEvent(number, _event, id, tx) {
          await subject.scratch.write(tx, `${key}-${id}`, String(number));
          if (number === 2 && fails-- > 0) throw new Error("rolls back");
        },
      });
      for (let tries = 0; tries < 5; tries++) {
        await handler.runOnce().catch(() => {});
      }
      for (const id of ids) {
        expectSame(
          await subject.scratch.read(`${key}-${id}`),
          "2",
          "what the last transaction of an aggregate has written",
        );
      }
      expectSame((await handler.status()).lag.events, 0, "what is left");
    },
  },
  {
    name: "shards: without records they are refused when the handler is made",
    without: "records",
    run(subject) {
      let error: unknown;
      try {
        record(subject, { streams: subject.unique("stream"), shards: 2 });
      } catch (caught) {
        error = caught;
      }
      expect(
        isStoreError("NOT_SUPPORTED")(error),
        "Expected a handler with shards to be refused with NOT_SUPPORTED",
      );
      return Promise.resolve();
    },
  },
];

/** Waits until a handler has so many slices. */
async function untilShared(
  subject: Subject,
  handler: { status(): Promise<any> },
  count: number,
): Promise<number> {
  return await eventually(
    async () => (await handler.status()).shards.slices.length as number,
    (slices) => slices === count,
    subject.patience * 4,
  );
}
