import type { Case } from "../case.ts";
import { expect, expectSame } from "../expect.ts";
import type { Subject } from "../subject.ts";

/** The newest event of streams, and of one aggregate. */
export const lastEventCases: readonly Case[] = [
  {
    name: "last event: it is the newest of a stream",
    async run(subject) {
      const stream = subject.unique("stream");
      for (const type of ["First", "Second"]) {
        await subject.append(stream, subject.unique("id"), 1, [{ type }]);
        await expectLast(subject, type, stream);
      }
    },
  },
  {
    name: "last event: it is the last of several in one commit",
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, [{ type: "First" }, {
        type: "Second",
      }]);
      await expectLast(subject, "Second", stream);
      await expectLast(subject, "Second", stream, id);
    },
  },
  {
    name: "last event: it is the newest of several streams",
    async run(subject) {
      const streams = [subject.unique("a"), subject.unique("b")];
      await subject.append(streams[1]!, subject.unique("id"), 1, [
        { type: "Older" },
      ]);
      await subject.append(streams[0]!, subject.unique("id"), 1, [
        { type: "Newer" },
      ]);
      await expectLast(subject, "Newer", streams);
      await expectLast(subject, "Older", streams[1]!);
    },
  },
  {
    name: "last event: that of an aggregate is its own, not a newer one's",
    async run(subject) {
      const [stream, other] = [subject.unique("a"), subject.unique("b")];
      const [id, otherId] = [subject.unique("id"), subject.unique("id")];
      await subject.append(stream, id, 1, [{ type: "Mine" }]);
      await subject.append(stream, otherId, 1, [{ type: "OtherId" }]);
      await subject.append(other, id, 1, [{ type: "OtherStream" }]);
      await expectLast(subject, "Mine", stream, id);
      await expectLast(subject, "OtherStream", [stream, other], id);
      await subject.append(stream, id, 2, [{ type: "MineAgain" }]);
      await expectLast(subject, "MineAgain", stream, id);
    },
  },
  {
    name: "last event: there is none where nothing was stored",
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, [{ type: "Only" }]);
      for (
        const found of [
          await subject.provider.getLastEventFor(subject.unique("stream")),
          await subject.provider.getLastEventFor(stream, subject.unique("id")),
          await subject.provider.getLastEventFor(subject.unique("stream"), id),
        ]
      ) {
        expect(
          found === undefined,
          `Expected no last event where there is none: it is ${
            JSON.stringify(found)
          }`,
        );
      }
      await expectLast(subject, "Only", stream, id);
    },
  },
];

async function expectLast(
  subject: Subject,
  type: string,
  stream: string | string[],
  id?: string,
): Promise<void> {
  const last = await subject.provider.getLastEventFor(stream, id);
  expectSame(last?.event, { type }, "the last event");
}
