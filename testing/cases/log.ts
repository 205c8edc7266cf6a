import type { Case } from "../case.ts";
import type { StoreEvent } from "../../core/event.ts";
import { expect, expectSame } from "../expect.ts";
import { race } from "../outcome.ts";
import { numbered, numbersOf, upTo } from "../numbered.ts";
import type { Subject } from "../subject.ts";
import { eventually } from "../time.ts";

/** What is appended is read back, in one order. */
export const logCases: readonly Case[] = [
  {
    name: "log: an event is read back as it was appended",
    guarantee: 3,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const before = Date.now();
      await subject.append(stream, id, 1, [{ type: "Named", name: "Ada" }]);
      const byStream = await subject.log(stream, 1);
      const byAggregate = await subject.load(stream, id);
      for (const [stored, ...more] of [byStream, byAggregate]) {
        expect(
          stored !== undefined && more.length === 0,
          "Expected one event to be stored: there is none, or more",
        );
        const { stream: inStream, aggregateId, version, event } = stored;
        expectSame(
          { stream: inStream, aggregateId, version, event },
          {
            stream,
            aggregateId: id,
            version: 1,
            event: { type: "Named", name: "Ada" },
          },
          "the stored event",
        );
        // Some databases keep whole seconds only.
        const distance = new Date(stored.timestamp).getTime() - before;
        expect(
          distance > -1500 && distance < 60_000,
          `Expected the timestamp to be when it was appended: it is ${stored.timestamp}`,
        );
      }
    },
  },
  {
    name: "log: append returns the stored events",
    guarantee: 1,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const events = numbered(3);
      const returned = await subject.append(stream, id, 1, events);
      expectSame(
        returned.map(({ stream, aggregateId, version, event }) => ({
          stream,
          aggregateId,
          version,
          event,
        })),
        events.map((event, index) => ({
          stream,
          aggregateId: id,
          version: index + 1,
          event,
        })),
        "what append returns",
      );
      await subject.expectStored(stream, id, events);
    },
  },
  {
    name: "log: the events of one commit stand in the order of their versions",
    guarantee: 4,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, numbered(7));
      expectSame(numbersOf(await subject.log(stream, 7)), upTo(7), "the log");
      await subject.expectStored(stream, id, numbered(7));
    },
  },
  {
    name: "log: commits stand in the order in which they were made",
    guarantee: 4,
    async run(subject) {
      const stream = subject.unique("stream");
      for (const event of numbered(12)) {
        await subject.append(stream, subject.unique("id"), 1, [event]);
      }
      expectSame(numbersOf(await subject.log(stream, 12)), upTo(12), "the log");
    },
  },
  {
    name: "log: several streams are read in one order",
    guarantee: 4,
    async run(subject) {
      const streams = [subject.unique("a"), subject.unique("b")];
      await appendInTurn(subject, streams, 10);
      const log = await subject.log(streams, 10);
      expectSame(numbersOf(log), upTo(10), "the log of both streams");
      expectSame(
        numbersOf(await subject.log([...streams].reverse(), 10)),
        upTo(10),
        "the log, whatever the order the streams are asked in",
      );
    },
  },
  {
    name: "log: only the streams that were asked for are read",
    guarantee: 4,
    async run(subject) {
      const streams = [subject.unique("a"), subject.unique("b")];
      await appendInTurn(subject, streams, 6);
      for (const [index, stream] of streams.entries()) {
        const log = await subject.log(stream, 3);
        expectSame(
          log.map((stored) => stored.stream),
          [stream, stream, stream],
          "the streams of what was read",
        );
        expectSame(
          numbersOf(log),
          upTo(6).filter((number) => number % 2 === index),
          "the log of one stream",
        );
      }
    },
  },
  {
    name: "log: an aggregate's events are its own",
    guarantee: 4,
    async run(subject) {
      const [stream, other] = [subject.unique("a"), subject.unique("b")];
      const [id, otherId] = [subject.unique("id"), subject.unique("id")];
      await subject.append(stream, id, 1, [{ type: "First" }]);
      await subject.append(stream, otherId, 1, [{ type: "OtherId" }]);
      await subject.append(other, id, 1, [{ type: "OtherStream" }]);
      await subject.append(stream, id, 2, [{ type: "Second" }]);
      await subject.expectStored(stream, id, [
        { type: "First" },
        { type: "Second" },
      ]);
      await subject.expectStored(stream, otherId, [{ type: "OtherId" }]);
      await subject.expectStored(other, id, [{ type: "OtherStream" }]);
    },
  },
  {
    name: "log: what a reader changes in an event stays as it is stored",
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const given = { type: "Listed", list: ["a"] };
      await subject.append(stream, id, 1, [given]);
      given.list.push("by the writer");
      const [byAggregate] = await subject.load(stream, id);
      byAggregate?.event.list.push("by one reader");
      const [byStream] = await subject.log(stream, 1);
      byStream?.event.list.push("by another");
      await subject.expectStored(stream, id, [{ type: "Listed", list: ["a"] }]);
    },
  },
  {
    name: "log: what was read once is read in the same order again",
    guarantee: 3,
    async run(subject) {
      const stream = subject.unique("stream");
      await race(
        5,
        (number) =>
          subject.append(stream, subject.unique("id"), 1, [{
            type: "Numbered",
            number,
          }]),
      );
      const first = numbersOf(await subject.log(stream, 5));
      expect(
        first.length === 5,
        `Expected 5 events: there are ${first.length}`,
      );
      await subject.append(stream, subject.unique("id"), 1, numbered(3));
      expectSame(
        numbersOf(await subject.log(stream, 8)).slice(0, 5),
        first,
        "the part that was read before",
      );
    },
  },
  {
    name: "log: a reader beside eight writers misses nothing",
    guarantee: 3,
    async run(subject) {
      const [stream, writers, commits] = [subject.unique("stream"), 8, 6];
      const other = await subject.another();
      const seen: string[] = [];
      const expected = new Set<string>();
      let position = await subject.start();
      const follow = async () => {
        let page: StoreEvent<any>[];
        do {
          page = await subject.provider.getEventsFrom(stream, position, 7);
          for (const stored of page) {
            seen.push(`${stored.aggregateId} ${stored.version}`);
            position = stored.position;
          }
        } while (page.length === 7);
        return seen.length;
      };
      const writing = race(writers, async (writer) => {
        const provider = writer % 2 ? other : subject.provider;
        const id = subject.unique("id");
        for (let commit = 0; commit < commits; commit++) {
          const version = commit * 2 + 1;
          expected.add(`${id} ${version}`).add(`${id} ${version + 1}`);
          await subject.append(stream, id, version, numbered(2), { provider });
        }
      });
      const total = writers * commits * 2;
      await eventually(follow, (count) => count >= total, subject.patience);
      const outcomes = await writing;
      expect(
        outcomes.every((outcome) => outcome.won),
        "Expected every writer to end without an error",
      );
      expect(
        seen.length === total && new Set(seen).size === total &&
          seen.every((one) => expected.has(one)),
        `Expected the reader to see each of ${total} events once: it saw ${seen.length}, ${
          new Set(seen).size
        } of them different`,
      );
    },
  },
];

async function appendInTurn(
  subject: Subject,
  streams: string[],
  count: number,
): Promise<void> {
  for (const event of numbered(count)) {
    const stream = streams[Number(event.number) % streams.length]!;
    await subject.append(stream, subject.unique("id"), 1, [event]);
  }
}
