import type { Case } from "../case.ts";
import { expect, expectSame, expectSamePosition } from "../expect.ts";

/** What the store holds, as tools see it. */
export const catalogCases: readonly Case[] = [
  {
    name: "catalog: streams are listed once each, in the order of their bytes",
    needs: ["catalog"],
    async run(subject) {
      const prefix = subject.unique("stream");
      // In UTF-16 the last two would change places.
      const names = ["", "A", "a", "a b", "é", "\uFF5E", "😀"].map((end) =>
        `${prefix}${end}`
      );
      for (const stream of [...names].reverse()) {
        for (const version of [1, 2]) {
          await subject.append(stream, "id", version, [{ type: "Happened" }]);
        }
      }
      const found = await subject.catalog.streams();
      const own = found.filter((stream) => stream.startsWith(prefix));
      expectSame(own, names, "the streams of this case");
      expectSame(
        found.length,
        new Set(found).size,
        "the number of streams, each once",
      );
    },
  },
  {
    name: "catalog: the log of all streams is read in one order",
    needs: ["catalog"],
    async run(subject) {
      const [before] = await subject.positions(1);
      const [one, two] = [subject.unique("stream"), subject.unique("stream")];
      for (const [stream, version] of [[one, 1], [two, 1], [one, 2]] as const) {
        await subject.append(stream, "id", version, [{ type: "Happened" }]);
      }
      const streams = await subject.catalog.streams();
      expect(
        streams.includes(one) && streams.includes(two),
        "Expected streams() to have a stream as soon as an append has returned",
      );
      // Other cases may append meanwhile; these are still among them, in order.
      await subject.log([one, two], 3, before);
      const all = await subject.log(streams, 3, before);
      const found = all.filter(({ stream }) =>
        stream === one || stream === two
      );
      expectSame(
        found.map(({ stream, version }) => [stream === one, version]),
        [[true, 1], [false, 1], [true, 2]],
        "the events of this case among all",
      );
    },
  },
  {
    name: "catalog: bookmarks are listed with where they stand",
    needs: ["catalog"],
    async run(subject) {
      const prefix = subject.unique("bookmark");
      const [first, second] = await subject.positions(2);
      await subject.provider.setPosition(`${prefix} b`, second);
      await subject.provider.setPosition(`${prefix} a`, first);
      await subject.provider.setPosition(`${prefix} é`, first);
      const found = (await subject.catalog.bookmarks())
        .filter(({ bookmark }) => bookmark.startsWith(prefix));
      expectSame(
        found.map(({ bookmark }) => bookmark.slice(prefix.length)),
        [" a", " b", " é"],
        "the bookmarks of this case",
      );
      expectSamePosition(found[0]?.position, first, "the first bookmark");
      expectSamePosition(found[1]?.position, second, "the second bookmark");
    },
  },
  {
    name: "catalog: the commands of a part of the log, and of no other",
    needs: ["catalog", "findCommand"],
    async run(subject) {
      const stream = subject.unique("stream");
      const append = (version: number, count: number, commandId?: string) =>
        subject.append(
          stream,
          "id",
          version,
          Array.from({ length: count }, () => ({ type: "Happened" })),
          commandId === undefined ? {} : { commandId },
        );
      await append(1, 1, "c1");
      await append(2, 2, "c2");
      await append(4, 1);
      await append(5, 1, 'c3 "é"');
      const events = await subject.log(stream, 5);
      const at = (version: number) => events[version - 1]!.position;
      const commands = async (after: any, upTo: any) =>
        (await subject.catalog.commands(after, upTo))
          .filter((one) => one.stream === stream);
      expectSame(
        await commands(at(1), at(5)),
        [
          { stream, aggregateId: "id", version: 2, commandId: "c2" },
          { stream, aggregateId: "id", version: 5, commandId: 'c3 "é"' },
        ],
        "the commands after the first event",
      );
      expectSame(
        (await commands(await subject.start(), at(2)))
          .map(({ commandId }) => commandId),
        ["c1", "c2"],
        "the commands up to the second event",
      );
      expectSame(await commands(at(2), at(4)), [], "those where none began");
    },
  },
];
