import type { Case } from "../case.ts";
import { expect, expectSame } from "../expect.ts";
import { numbered, numbersOf } from "../numbered.ts";
import { eventually } from "../time.ts";

/** How far handlers see, and what holds them back. */
export const horizonCases: readonly Case[] = [
  {
    name: "horizon: it reaches the last event when no writer is at work",
    guarantee: 3,
    needs: ["horizon"],
    async run(subject) {
      const stream = subject.unique("stream");
      await subject.append(stream, subject.unique("id"), 1, numbered(3));
      expectSame(
        numbersOf(await subject.log(stream, 3)),
        [0, 1, 2],
        "the log",
      );
      const { blockedBy } = await eventually(
        () => subject.horizon(),
        (horizon) => horizon?.blockedBy?.length === 0,
        subject.patience,
      );
      expectSame(blockedBy, [], "the writers that hold readers back");
      const { position } = await subject.horizon();
      expectSame(
        await subject.provider.getEventsFrom(stream, position),
        [],
        "the events behind the horizon",
      );
    },
  },
  {
    name: "horizon: what is appended later is behind it",
    guarantee: 3,
    needs: ["horizon"],
    async run(subject) {
      const stream = subject.unique("stream");
      await subject.append(stream, subject.unique("id"), 1, [{
        type: "Before",
      }]);
      const { position } = await subject.horizon();
      await subject.append(stream, subject.unique("id"), 1, numbered(2));
      const log = await subject.log(stream, 2, position);
      const later = log.filter((one) => one.event.type === "Numbered");
      expect(
        later.length === 2,
        `Expected 2 events behind the horizon: there are ${later.length}`,
      );
      expectSame(numbersOf(later), [0, 1], "the events behind the horizon");
    },
  },
];
