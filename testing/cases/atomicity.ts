import type { Case } from "../case.ts";
import { expectRefusal, expectSame, isVersionError } from "../expect.ts";
import { numbered } from "../numbered.ts";
import { settle } from "../outcome.ts";
import type { TestEvent } from "../subject.ts";

/** All events of one command are stored, or none. */
export const atomicityCases: readonly Case[] = [
  {
    name: "atomicity: a commit of many events is stored whole",
    guarantee: 1,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, numbered(300));
      await subject.expectStored(stream, id, numbered(300));
      const log = await subject.log(stream, 300);
      expectSame(log.length, 300, "the number of events in the log");
    },
  },
  {
    name: "atomicity: nothing of a refused commit is stored",
    guarantee: 1,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, numbered(2));
      // Its versions 3 and 4 are free; only its first one is taken.
      await expectRefusal(
        subject.append(stream, id, 2, numbered(3)),
        isVersionError,
        "a commit whose first version is taken to be refused as VersionError",
      );
      await subject.expectStored(stream, id, numbered(2));
      const log = await subject.log(stream, 2);
      expectSame(log.length, 2, "the number of events in the log");
    },
  },
  {
    name: "atomicity: an event that cannot be stored takes its commit with it",
    guarantee: 1,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const cycle: TestEvent = { type: "Cycle" };
      cycle.self = cycle;
      let version = 0;
      for (const bad of [{ type: "Big", value: 1n }, cycle]) {
        const outcome = await settle(
          Promise.resolve().then(() =>
            subject.append(stream, id, version + 1, [
              { type: "Before" },
              bad,
              { type: "After" },
            ])
          ),
        );
        if (outcome.won) version += 3;
        const stored = await subject.load(stream, id);
        expectSame(
          stored.length,
          version,
          "the number of events, all of the commit's or none",
        );
      }
      await subject.append(stream, id, version + 1, [{ type: "Good" }]);
      const [last] = (await subject.load(stream, id)).slice(-1);
      expectSame(last?.event, { type: "Good" }, "the event after them");
    },
  },
];
