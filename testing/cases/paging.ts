import type { Case } from "../case.ts";
import { expect, expectSame } from "../expect.ts";
import { numbered, numbersOf, upTo } from "../numbered.ts";

/** Reading in parts gives the same as reading at once. */
export const pagingCases: readonly Case[] = [
  {
    name: "paging: the start of the log is before its first event",
    guarantee: 3,
    async run(subject) {
      const stream = subject.unique("stream");
      const start = await subject.start();
      await subject.append(stream, subject.unique("id"), 1, numbered(2));
      for (const from of [start, await subject.start()]) {
        const log = await subject.log(stream, 2, from);
        expectSame(numbersOf(log), upTo(2), "the log from its start");
      }
    },
  },
  {
    name: "paging: reading goes on after any position",
    guarantee: 3,
    async run(subject) {
      const stream = subject.unique("stream");
      await subject.append(stream, subject.unique("id"), 1, numbered(4));
      await subject.append(stream, subject.unique("id"), 1, [
        { type: "Numbered", number: 4 },
      ]);
      const log = await subject.log(stream, 5);
      expectSame(numbersOf(log), upTo(5), "the log");
      for (const [index, { position }] of log.entries()) {
        const rest = await subject.provider.getEventsFrom(stream, position);
        expectSame(
          numbersOf(rest),
          upTo(5).slice(index + 1),
          `the events after event ${index}`,
        );
      }
    },
  },
  {
    name: "paging: a page holds no more than its limit, and pages join",
    guarantee: 3,
    async run(subject) {
      const [stream, other] = [subject.unique("a"), subject.unique("b")];
      await subject.append(stream, subject.unique("id"), 1, numbered(7));
      await subject.append(other, subject.unique("id"), 1, [
        { type: "Numbered", number: 7 },
      ]);
      for (const limit of [1, 2, 3, 8, 100]) {
        const log = await subject.log([stream, other], 8, undefined, limit);
        expectSame(numbersOf(log), upTo(8), `the log in pages of ${limit}`);
      }
    },
  },
  {
    name: "paging: a long log is read to its end",
    guarantee: 3,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      for (let commit = 0; commit < 6; commit++) {
        await subject.append(stream, id, commit * 200 + 1, numbered(200));
      }
      const versions = upTo(1200).map((index) => index + 1);
      const log = await subject.log(stream, 1200);
      expectSame(log.map((one) => one.version), versions, "the versions");
    },
  },
  {
    name: "paging: nothing follows the last event",
    guarantee: 4,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const none = await subject.provider.getEventsFrom(
        stream,
        await subject.start(),
      );
      expectSame(none, [], "the page of a stream that has no events");
      await subject.append(stream, id, 1, numbered(1));
      const [stored] = await subject.log(stream, 1);
      expect(stored !== undefined, "Expected one event: there is none");
      const after = await subject.provider.getEventsFrom(
        stream,
        stored.position,
      );
      expectSame(after, [], "the page after the last event");
      expectSame(
        await subject.provider.getEventsFor(stream, id, stored.position),
        [],
        "the aggregate's events after its last one",
      );
    },
  },
  {
    name: "paging: an aggregate's events are read on from any position",
    guarantee: 4,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, numbered(3));
      await subject.append(stream, subject.unique("id"), 1, numbered(2));
      await subject.append(stream, id, 4, numbered(1));
      const all = await subject.load(stream, id);
      expectSame(all.map((one) => one.version), [1, 2, 3, 4], "the versions");
      for (const [index, { position }] of all.entries()) {
        const rest = await subject.provider.getEventsFor(stream, id, position);
        expectSame(
          rest.map((one) => one.version),
          [1, 2, 3, 4].slice(index + 1),
          `the versions after version ${index + 1}`,
        );
      }
    },
  },
  {
    name: "paging: an aggregate that was never stored has no events",
    guarantee: 4,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, numbered(1));
      expectSame(
        await subject.load(stream, subject.unique("id")),
        [],
        "the events of an unknown aggregate",
      );
      expectSame(
        await subject.load(subject.unique("stream"), id),
        [],
        "the events of an unknown stream",
      );
      await subject.expectStored(stream, id, numbered(1));
    },
  },
  {
    name: "paging: an aggregate is read in pages of the limit asked for",
    needs: ["limitedReads"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, numbered(7));
      for (const limit of [1, 3, 7, 50]) {
        const versions: number[] = [];
        let position: any;
        while (versions.length < 7) {
          const page = await subject.provider.getEventsFor(
            stream,
            id,
            position,
            { limit },
          );
          expect(
            page.length > 0 && page.length <= limit,
            `Expected a page of 1 to ${limit} events: it has ${page.length}`,
          );
          versions.push(...page.map((one) => one.version));
          position = page.at(-1)!.position;
        }
        expectSame(versions, [1, 2, 3, 4, 5, 6, 7], `pages of ${limit}`);
      }
    },
  },
];
