import type { Case } from "../case.ts";
import { expect, expectRefusal, expectSame } from "../expect.ts";
import { numbered, upTo } from "../numbered.ts";
import { record } from "../recorder.ts";
import type { Subject } from "../subject.ts";
import { eventually } from "../time.ts";

/** A handler whose callback fails never skips an event by itself. */
export const handlerFailureCases: readonly Case[] = [
  {
    name: "failing handlers: a failing event is tried again, none is skipped",
    guarantee: 7,
    async run(subject) {
      const stream = await five(subject);
      const attempts: unknown[] = [];
      const { handler, numbers, reports } = record(subject, {
        streams: stream,
        onEvent(number) {
          attempts.push(number);
          const tries = attempts.filter((one) => one === 2).length;
          if (number === 2 && tries < 3) throw new Error("not yet");
        },
      });
      handler.start();
      await eventually(
        () => numbers.length,
        (count) => count >= 5,
        subject.patience,
      );
      await handler.stop();
      expectSame(numbers, upTo(5), "the events that were handled");
      expectSame(attempts, [0, 1, 2, 2, 2, 3, 4], "what was tried");
      expectSame(reports.length, 2, "the number of reports to onError");
    },
  },
  {
    name: "failing handlers: onError is told stream, bookmark and event",
    guarantee: 7,
    async run(subject) {
      const [stream, bookmark] = [await five(subject), subject.unique("mark")];
      const problem = new Error("the callback's own error");
      const { handler, reports } = record(subject, {
        streams: stream,
        bookmark,
        onEvent(number) {
          if (number === 3) throw problem;
        },
      });
      handler.start();
      await eventually(
        () => reports.length,
        (count) => count > 0,
        subject.patience,
      );
      await handler.stop();
      const [report] = reports;
      expect(
        report?.error === problem,
        "Expected onError to be given what the callback threw: it was not",
      );
      expectSame(
        [report.stream, report.bookmark, report.event?.type],
        [stream, bookmark, "Numbered"],
        "the stream, the bookmark and the event's type",
      );
      const event = report.event?.event as { number?: unknown } | undefined;
      expectSame(event?.number, 3, "the number of the event");
    },
  },
  {
    name: "failing handlers: runOnce rejects, and goes on at the same event",
    guarantee: 7,
    async run(subject) {
      const [stream, bookmark] = [await five(subject), subject.unique("mark")];
      const problem = new Error("the callback's own error");
      let broken = true;
      const onEvent = (number: unknown) => {
        if (broken && number === 2) throw problem;
      };
      const options = { streams: stream, bookmark, onEvent };
      const first = record(subject, options);
      for (let attempt = 0; attempt < 2; attempt++) {
        await expectRefusal(
          first.handler.runOnce(),
          (error) => error === problem,
          "runOnce to reject with what the callback throws",
        );
        expectSame(first.numbers, [0, 1], "the events that were handled");
      }
      const second = record(subject, options);
      broken = false;
      await second.handler.runOnce();
      expectSame(second.numbers, [2, 3, 4], "the events of the next handler");
    },
  },
  {
    name:
      "failing handlers: with continueOnError it is reported and passed over",
    guarantee: 7,
    async run(subject) {
      const [stream, bookmark] = [await five(subject), subject.unique("mark")];
      const problem = new Error("the callback's own error");
      const { handler, numbers, reports } = record(subject, {
        streams: stream,
        bookmark,
        continueOnError: true,
        onEvent(number) {
          if (number === 1 || number === 3) throw problem;
        },
      });
      expectSame(await handler.runOnce(), 5, "what runOnce returns");
      expectSame(numbers, [0, 2, 4], "the events that were handled");
      expectSame(
        reports.map((report) => (report.event as any)?.event?.number),
        [1, 3],
        "the events that were reported",
      );
      expect(
        reports.every(({ error }) => error === problem),
        "Expected onError to be given what the callback threw: it was not",
      );
      const next = record(subject, { streams: stream, bookmark });
      expectSame(await next.handler.runOnce(), 0, "what is left to handle");
    },
  },
];

async function five(subject: Subject): Promise<string> {
  const stream = subject.unique("stream");
  await subject.append(stream, subject.unique("id"), 1, numbered(5));
  const log = await subject.log(stream, 5);
  expect(log.length === 5, `Expected 5 events: there are ${log.length}`);
  return stream;
}
