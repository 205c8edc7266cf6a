import type { Case } from "../case.ts";
import { describe, expect, expectSame } from "../expect.ts";
import { numbered, numbersOf } from "../numbered.ts";
import { errorsOf, race } from "../outcome.ts";
import type { Subject } from "../subject.ts";
import { eventually } from "../time.ts";

/** How far a page looked: a quiet handler goes on from there. */
export const scannedToCases: readonly Case[] = [
  {
    name: "scannedTo: a quiet stream is read on from behind the others' events",
    guarantee: 3,
    needs: ["scannedTo"],
    async run(subject) {
      const [quiet, busy] = [subject.unique("quiet"), subject.unique("busy")];
      await subject.append(busy, subject.unique("id"), 1, numbered(3));
      const last = (await subject.log(busy, 3)).at(-1)!;
      const scannedTo = await scan(subject, quiet, last.position);
      expectSame(
        await subject.provider.getEventsFrom(busy, scannedTo),
        [],
        "the others' events after scannedTo",
      );
      await subject.append(quiet, subject.unique("id"), 1, numbered(2));
      const log = await subject.log(quiet, 2, scannedTo);
      expectSame(numbersOf(log), [0, 1], "the quiet stream's later events");
    },
  },
  {
    name: "scannedTo: it never passes an event that a full page left out",
    guarantee: 3,
    async run(subject) {
      const stream = subject.unique("stream");
      await subject.append(stream, subject.unique("id"), 1, numbered(5));
      await subject.log(stream, 5);
      const numbers: unknown[] = [];
      let position = await subject.start();
      for (let pages = 0; pages < 6; pages++) {
        const page = await subject.provider.getEventsFrom(stream, position, 2);
        numbers.push(...numbersOf(page));
        position = page.scannedTo ?? page.at(-1)?.position ?? position;
      }
      expectSame(numbers, [0, 1, 2, 3, 4], "the log, read on from scannedTo");
    },
  },
  {
    name: "scannedTo: it passes none that the provider's own limit left out",
    guarantee: 3,
    needs: ["scannedTo"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      for (let commit = 0; commit < 3; commit++) {
        await subject.append(stream, id, commit * 400 + 1, numbered(400));
      }
      await subject.log(stream, 1200);
      let count = 0;
      let position = await subject.start();
      for (let pages = 0; pages < 1200 && count < 1200; pages++) {
        const page = await subject.provider.getEventsFrom(
          stream,
          position,
          5000,
        );
        count += page.length;
        position = page.scannedTo ?? page.at(-1)?.position ?? position;
      }
      expectSame(count, 1200, "the number of events, read on from scannedTo");
    },
  },
  {
    name: "scannedTo: a reader that goes on from it misses no writer",
    guarantee: 3,
    async run(subject) {
      const [mine, busy] = [subject.unique("mine"), subject.unique("busy")];
      let position = await subject.start();
      const numbers: unknown[] = [];
      const follow = async () => {
        const page = await subject.provider.getEventsFrom(mine, position);
        numbers.push(...numbersOf(page));
        position = page.scannedTo ?? page.at(-1)?.position ?? position;
        return numbers.length;
      };
      const writing = race(16, async (number) => {
        await subject.append(busy, subject.unique("id"), 1, numbered(1));
        await subject.append(mine, subject.unique("id"), 1, [
          { type: "Numbered", number },
        ]);
      });
      await eventually(follow, (count) => count >= 16, subject.patience);
      const [failure] = errorsOf(await writing);
      expect(
        failure === undefined,
        `Expected every writer to end without an error: one is ${
          describe(failure)
        }`,
      );
      expect(
        new Set(numbers).size === 16 && numbers.length === 16,
        `Expected each of 16 events once: the reader saw ${numbers.length}`,
      );
    },
  },
];

async function scan(
  subject: Subject,
  stream: string,
  behind: any,
): Promise<any> {
  const page = await eventually(
    () => subject.provider.getEventsFrom(stream, behind),
    (page) => page.scannedTo !== undefined,
    subject.patience,
  );
  expect(
    page.scannedTo !== undefined,
    'The fixture declares "scannedTo" but a page that is not full has no scannedTo: add it to the page, or take "scannedTo" out of the fixture\'s capabilities',
  );
  return page.scannedTo;
}
