import type { Case } from "../case.ts";
import { expect, expectSame } from "../expect.ts";
import { numbered, upTo } from "../numbered.ts";
import { race } from "../outcome.ts";
import { record } from "../recorder.ts";
import { isSamePosition } from "../../core/position.ts";
import { createGate, eventually, sleep } from "../time.ts";

/** Event handlers on the provider. */
export const handlerCases: readonly Case[] = [
  {
    name: "handlers: every event is handled, once and in order",
    guarantee: 4,
    async run(subject) {
      const [stream, ids] = [subject.unique("stream"), ["a", "b", "c"]];
      const versions = new Map<string, number>();
      for (const event of numbered(24)) {
        const id = ids[Number(event.number) % 3]!;
        const version = (versions.get(id) ?? 0) + 1;
        versions.set(id, version);
        await subject.append(stream, id, version, [event]);
      }
      const stored = await subject.log(stream, 24);
      const { handler, numbers, metas } = record(subject, { streams: stream });
      expectSame(await handler.runOnce(), 24, "what runOnce returns");
      expectSame(numbers, upTo(24), "the events that were handled");
      for (const [index, meta] of metas.entries()) {
        const { position, ...rest } = meta;
        expect(
          isSamePosition(position, stored[index]!.position) &&
            meta.timestamp instanceof Date,
          "Expected the callback to be given the event's position and a Date",
        );
        expectSame(
          rest,
          {
            stream,
            aggregateId: ids[index % 3],
            version: Math.floor(index / 3) + 1,
            timestamp: new Date(stored[index]!.timestamp),
          },
          "what the callback is told about the event",
        );
      }
      expectSame(await handler.runOnce(), 0, "what the next runOnce returns");
    },
  },
  {
    name: "handlers: runOnce counts the events that have no callback too",
    guarantee: 3,
    async run(subject) {
      const stream = subject.unique("stream");
      await subject.append(stream, subject.unique("id"), 1, [
        { type: "Ignored" },
        ...numbered(2),
        { type: "Ignored" },
      ]);
      await subject.log(stream, 4);
      const { handler, numbers } = record(subject, { streams: stream });
      expectSame(await handler.runOnce(), 4, "what runOnce returns");
      expectSame(numbers, [0, 1], "the events that were handled");
      expectSame(await handler.runOnce(), 0, "what the next runOnce returns");
    },
  },
  {
    name: "handlers: several streams are handled in one order",
    guarantee: 4,
    async run(subject) {
      const streams = [subject.unique("a"), subject.unique("b")];
      for (const event of numbered(10)) {
        const stream = streams[Number(event.number) % 2]!;
        await subject.append(stream, subject.unique("id"), 1, [event]);
      }
      await subject.log(streams, 10);
      const { handler, numbers } = record(subject, { streams });
      await handler.runOnce();
      expectSame(numbers, upTo(10), "the events that were handled");
    },
  },
  {
    name: "handlers: a new handler goes on from the bookmark of the last",
    guarantee: 5,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const bookmark = subject.unique("bookmark");
      await subject.append(stream, id, 1, numbered(3));
      await subject.log(stream, 3);
      const first = record(subject, { streams: stream, bookmark });
      await first.handler.runOnce();
      await subject.append(stream, id, 4, numbered(5).slice(3));
      await subject.log(stream, 5);
      const second = record(subject, {
        streams: stream,
        bookmark,
        provider: await subject.another(),
      });
      expectSame(await second.handler.runOnce(), 2, "what runOnce returns");
      expectSame(second.numbers, [3, 4], "the events of the second handler");
      const fresh = record(subject, { streams: stream });
      await fresh.handler.runOnce();
      expectSame(fresh.numbers, upTo(5), "the events of a new bookmark");
    },
  },
  {
    name: "handlers: a started one handles what is appended later",
    guarantee: 3,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const { handler, numbers } = record(subject, { streams: stream });
      handler.start();
      handler.start();
      for (const [index, event] of numbered(4).entries()) {
        await subject.append(stream, id, index + 1, [event]);
        await eventually(
          () => numbers.length,
          (count) => count > index,
          subject.patience,
        );
        expectSame(numbers, upTo(index + 1), "the events that were handled");
      }
      await handler.stop();
      await subject.append(stream, id, 5, [{ type: "Numbered", number: 4 }]);
      await subject.log(stream, 5);
      await sleep(20);
      expectSame(numbers, upTo(4), "the events handled after stop");
      handler.start();
      await eventually(
        () => numbers.length,
        (count) => count > 4,
        subject.patience,
      );
      expectSame(numbers, upTo(5), "the events handled after start");
    },
  },
  {
    name: "handlers: one beside eight writers handles each event once",
    guarantee: 3,
    async run(subject) {
      const [stream, writers, commits] = [subject.unique("stream"), 8, 5];
      const other = await subject.another();
      const seen = new Map<string, number[]>();
      const recorder = record(subject, {
        streams: stream,
        onEvent(_number, event, id) {
          seen.set(id, [...seen.get(id) ?? [], Number(event.version)]);
        },
      });
      recorder.handler.start();
      const outcomes = await race(writers, async (writer) => {
        const provider = writer % 2 ? other : subject.provider;
        const id = subject.unique("id");
        for (let version = 1; version <= commits; version++) {
          await subject.append(
            stream,
            id,
            version,
            [{ type: "Numbered", number: writer, version }],
            { provider },
          );
        }
      });
      expect(
        outcomes.every((outcome) => outcome.won),
        "Expected every writer to end without an error",
      );
      await eventually(
        () => recorder.numbers.length,
        (count) => count >= writers * commits,
        subject.patience,
      );
      await recorder.handler.stop();
      expectSame(seen.size, writers, "the number of aggregates handled");
      for (const versions of seen.values()) {
        expectSame(versions, [1, 2, 3, 4, 5], "the versions in their order");
      }
    },
  },
  {
    name: "handlers: stop lets the event in hand finish, and stores it",
    guarantee: 8,
    async run(subject) {
      const [stream, bookmark] = [subject.unique("a"), subject.unique("b")];
      await subject.append(stream, subject.unique("id"), 1, numbered(4));
      await subject.log(stream, 4);
      const [inHand, mayFinish] = [createGate(), createGate()];
      const { handler, numbers } = record(subject, {
        streams: stream,
        bookmark,
        async onEvent(number) {
          if (number !== 1) return;
          inHand.open();
          await mayFinish.opened;
        },
      });
      subject.cleanUp(mayFinish.open);
      handler.start();
      await inHand.opened;
      let hasStopped = false;
      const stopped = handler.stop().then(() => hasStopped = true);
      await sleep(10);
      expect(!hasStopped, "Expected stop to wait for the event in hand");
      mayFinish.open();
      await stopped;
      expectSame(numbers, [0, 1], "the events that were handled");
      const next = record(subject, { streams: stream, bookmark });
      await next.handler.runOnce();
      expectSame(next.numbers, [2, 3], "the events of the next handler");
    },
  },
  {
    name: "handlers: one that waits is woken by an append",
    needs: ["watch"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const { handler, numbers } = record(subject, {
        streams: stream,
        poll: 600_000,
      });
      // Demands the capability: without it the handler would wait for its poll.
      subject.watch(() => {})();
      handler.start();
      for (const [index, event] of numbered(3).entries()) {
        await subject.append(stream, id, index + 1, [event]);
        await eventually(
          () => numbers.length,
          (count) => count > index,
          subject.patience,
        );
        expectSame(numbers, upTo(index + 1), "the events that were handled");
      }
    },
  },
];
