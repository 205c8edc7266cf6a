import type { Case } from "../case.ts";
import { expectSame, expectSamePosition } from "../expect.ts";
import { numbered, numbersOf, upTo } from "../numbered.ts";

/** Where a handler keeps its place. */
export const bookmarkCases: readonly Case[] = [
  {
    name: "bookmarks: an unknown one stands at the start of the log",
    guarantee: 3,
    async run(subject) {
      const stream = subject.unique("stream");
      await subject.append(stream, subject.unique("id"), 1, numbered(3));
      const bookmark = subject.unique("bookmark");
      const log = await subject.log(
        stream,
        3,
        await subject.provider.getPosition(bookmark),
      );
      expectSame(numbersOf(log), upTo(3), "the log from the bookmark");
      await subject.expectBookmarkAt(bookmark, await subject.start());
    },
  },
  {
    name: "bookmarks: reading goes on behind the event it was set to",
    guarantee: 3,
    async run(subject) {
      const [stream, bookmark] = [subject.unique("a"), subject.unique("b")];
      await subject.append(stream, subject.unique("id"), 1, numbered(4));
      const log = await subject.log(stream, 4);
      expectSame(numbersOf(log), upTo(4), "the log");
      for (const [index, { position }] of log.entries()) {
        await subject.provider.setPosition(bookmark, position);
        await subject.expectBookmarkAt(bookmark, position);
        const rest = await subject.provider.getEventsFrom(
          stream,
          await subject.provider.getPosition(bookmark),
        );
        expectSame(
          numbersOf(rest),
          upTo(4).slice(index + 1),
          "the log from the bookmark",
        );
      }
    },
  },
  {
    name: "bookmarks: each stands where it was set itself",
    guarantee: 3,
    async run(subject) {
      const positions = await subject.positions(3);
      const bookmarks = positions.map(() => subject.unique("bookmark"));
      for (const [index, bookmark] of bookmarks.entries()) {
        await subject.provider.setPosition(bookmark, positions[index]);
      }
      for (const [index, bookmark] of bookmarks.entries()) {
        await subject.expectBookmarkAt(bookmark, positions[index]);
      }
    },
  },
  {
    name: "bookmarks: one can be set again, also to an earlier place",
    async run(subject) {
      const [first, second] = await subject.positions(2);
      const bookmark = subject.unique("bookmark");
      for (const position of [first, first, second, first, second]) {
        await subject.provider.setPosition(bookmark, position);
        await subject.expectBookmarkAt(bookmark, position);
      }
    },
  },
  {
    name: "bookmarks: another provider on the same data finds it",
    guarantee: 5,
    async run(subject) {
      const [, second] = await subject.positions(2);
      const bookmark = subject.unique("bookmark");
      const other = await subject.another();
      await subject.provider.setPosition(bookmark, second);
      await subject.expectBookmarkAt(bookmark, second);
      expectSamePosition(
        await other.getPosition(bookmark),
        second,
        "the bookmark as the other provider finds it",
      );
    },
  },
];
