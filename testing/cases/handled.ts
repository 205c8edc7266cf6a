import type { Case } from "../case.ts";
import { expect, expectRefusal, expectSame, isStoreError } from "../expect.ts";
import { numbered } from "../numbered.ts";
import { record } from "../recorder.ts";
import { createGate, eventually, sleep } from "../time.ts";

/** What a handler says of itself, and how a caller waits for it. */
export const handledCases: readonly Case[] = [
  {
    name: "handlers: handled() waits for one's own write",
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const mayFinish = createGate();
      subject.cleanUp(mayFinish.open);
      const { handler, numbers } = record(subject, {
        streams: stream,
        onEvent: (number) => number === 1 ? mayFinish.opened : undefined,
      });
      handler.start();
      const timeout = subject.patience;
      await subject.append(stream, id, 1, numbered(2));
      await handler.handled(stream, id, 1, { timeout });
      expectSame(numbers, [0], "the events handled when the first one is");
      await expectRefusal(
        handler.handled(stream, id, 2, { timeout: 20 }),
        isStoreError("HANDLER_BEHIND"),
        "handled() of an event in hand to time out with HANDLER_BEHIND",
      );
      mayFinish.open();
      await handler.handled(stream, id, 2, { timeout });
      expectSame(numbers, [0, 1], "the events handled when the second one is");
      await handler.handled(stream, id, 1, { timeout });
      await expectRefusal(
        handler.handled(stream, id, 3, { timeout: 20 }),
        isStoreError("HANDLER_BEHIND"),
        "handled() of a version that is not stored to time out",
      );
    },
  },
  {
    name: "handlers: handled() sees what another process has handled",
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const bookmark = subject.unique("bookmark");
      await subject.append(stream, id, 1, numbered(3));
      await subject.log(stream, 3);
      const provider = await subject.another();
      const waiting = record(subject, { streams: stream, bookmark, provider });
      await expectRefusal(
        waiting.handler.handled(stream, id, 3, { timeout: 20 }),
        isStoreError("HANDLER_BEHIND"),
        "handled() to time out while nobody handles the event",
      );
      const working = record(subject, { streams: stream, bookmark });
      const timeout = subject.patience;
      const handled = waiting.handler.handled(stream, id, 3, { timeout });
      await working.handler.runOnce();
      await handled;
      expectSame(waiting.numbers, [], "the events of the one that waits");
    },
  },
  {
    name: "handlers: status() says what it does, how far it is and what failed",
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, numbered(3));
      await subject.log(stream, 3);
      let broken = true;
      const problem = new Error("the callback's own error");
      const { handler, numbers } = record(subject, {
        streams: stream,
        onEvent(number) {
          if (broken && number === 1) throw problem;
        },
      });
      const before = await handler.status();
      expectSame(before.state, "stopped", "the state before the start");
      expectSame(before.lag.events, 3, "how many events it is behind");
      expect(
        before.lag.seconds >= 0 && before.lag.seconds < 3600,
        `Expected the lag to be the age of the oldest event: it is ${before.lag.seconds} s`,
      );
      handler.start();
      const failing = await eventually(
        () => handler.status(),
        ({ state, lag }) => state === "retrying" && lag.events === 2,
        subject.patience,
      );
      expectSame(failing.state, "retrying", "the state after a failure");
      expectSame(failing.lag.events, 2, "how many events are left");
      expect(
        failing.lastError?.error === problem &&
          failing.lastError.event?.version === 2 &&
          failing.lastError.attempts > 0,
        "Expected lastError to have the error and the event",
      );
      broken = false;
      await eventually(() => numbers.length, (n) => n > 2, subject.patience);
      const after = await eventually(
        () => handler.status(),
        ({ state, lag }) => state === "idle" && lag.events === 0,
        subject.patience,
      );
      expectSame(after.state, "idle", "the state when all is handled");
      expectSame(after.lag, { events: 0, more: false, seconds: 0 }, "the lag");
      expectSame(after.lastError?.attempts, 0, "the failures in a row");
    },
  },
  {
    name: "handlers: several at once keep the order of each aggregate",
    guarantee: 4,
    async run(subject) {
      const stream = subject.unique("stream");
      const ids = ["a", "b", "c", "d"].map((id) => subject.unique(id));
      for (let version = 1; version <= 5; version++) {
        for (const [index, id] of ids.entries()) {
          const number = (version - 1) * ids.length + index;
          const event = { type: "Numbered", number, version };
          await subject.append(stream, id, version, [event]);
        }
      }
      await subject.log(stream, 20);
      let [atOnce, most] = [0, 0];
      const seen = new Map<string, unknown[]>();
      const { handler } = record(subject, {
        streams: stream,
        concurrency: 3,
        async onEvent(_number, event, id) {
          seen.set(id, [...seen.get(id) ?? [], event.version]);
          most = Math.max(most, ++atOnce);
          await sleep(2);
          atOnce--;
        },
      });
      expectSame(await handler.runOnce(), 20, "what runOnce returns");
      expectSame(most, 3, "how many events were in hand at once");
      expectSame(seen.size, ids.length, "the number of aggregates");
      for (const versions of seen.values()) {
        expectSame(versions, [1, 2, 3, 4, 5], "the versions in their order");
      }
      expectSame(await handler.runOnce(), 0, "what the next runOnce returns");
    },
  },
];
