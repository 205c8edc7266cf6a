import type { Case } from "../case.ts";
import { expect } from "../expect.ts";
import { numbered } from "../numbered.ts";
import type { Subject } from "../subject.ts";
import { eventually } from "../time.ts";

/** A handler that waits is woken instead of polling. */
export const watchCases: readonly Case[] = [
  {
    name: "watch: every append wakes every listener",
    needs: ["watch"],
    async run(subject) {
      const listeners = [listen(subject), listen(subject)];
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      for (const version of [1, 2, 3]) {
        const before = listeners.map((one) => one.wakes());
        await subject.append(stream, id, version, numbered(1));
        for (const [index, listener] of listeners.entries()) {
          await expectWake(subject, listener, before[index]!);
        }
      }
    },
  },
  {
    name: "watch: a listener that was ended is woken no more",
    guarantee: 8,
    needs: ["watch"],
    async run(subject) {
      const [ended, other] = [listen(subject), listen(subject)];
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, numbered(1));
      await expectWake(subject, ended, 0);
      ended.end();
      const before = ended.wakes();
      const otherBefore = other.wakes();
      await subject.append(stream, id, 2, numbered(1));
      await expectWake(subject, other, otherBefore);
      expect(
        ended.wakes() === before,
        "Expected a listener that was ended to be woken no more: it was",
      );
      ended.end();
    },
  },
  {
    name: "watch: a listener that throws harms neither appends nor others",
    needs: ["watch"],
    async run(subject) {
      const end = subject.watch(() => {
        throw new Error("the listener's own error");
      });
      subject.cleanUp(end);
      const other = listen(subject);
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, numbered(1));
      await expectWake(subject, other, 0);
      await subject.expectStored(stream, id, numbered(1));
    },
  },
  {
    name: "watch: what was appended in a transaction wakes when it commits",
    needs: ["watch", "transact"],
    async run(subject) {
      const listener = listen(subject);
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      let inside = 0;
      await subject.transact(async (tx) => {
        await subject.append(stream, id, 1, numbered(1), { tx });
        inside = listener.wakes();
      });
      await expectWake(subject, listener, inside);
      await subject.expectStored(stream, id, numbered(1));
    },
  },
];

type Listener = { wakes(): number; end(): void };

function listen(subject: Subject): Listener {
  let wakes = 0;
  const end = subject.watch(() => {
    wakes++;
  });
  subject.cleanUp(() => end());
  return { wakes: () => wakes, end };
}

async function expectWake(
  subject: Subject,
  listener: Listener,
  before: number,
): Promise<void> {
  const wakes = await eventually(
    listener.wakes,
    (count) => count > before,
    subject.patience,
  );
  expect(
    wakes > before,
    "Expected an append to wake the listener: it did not",
  );
}
