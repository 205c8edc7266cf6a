import type { Case } from "../case.ts";
import { createCounter } from "../counter.ts";
import { expect, expectRefusal, expectSame, isStoreError } from "../expect.ts";
import { numbered, upTo } from "../numbered.ts";
import { settle } from "../outcome.ts";
import { record, type Recorder, type RecorderOptions } from "../recorder.ts";
import type { Subject } from "../subject.ts";
import { eventually } from "../time.ts";

/** What a transactional handler writes is stored exactly once. */
export const transactionalHandlerCases: readonly Case[] = [
  {
    name: "transactional handlers: writes and bookmark are committed together",
    guarantee: 5,
    needs: ["transact"],
    async run(subject) {
      const { stream, ledger, handlerOf } = await prepare(subject);
      const first = handlerOf({});
      expectSame(await first.handler.runOnce(), 6, "what runOnce returns");
      await ledger.expect(upTo(6));
      await subject.append(stream, subject.unique("id"), 1, [
        { type: "Numbered", number: 6 },
      ]);
      await subject.log(stream, 7);
      const second = handlerOf({});
      expectSame(await second.handler.runOnce(), 1, "what runOnce returns");
      await ledger.expect(upTo(7));
    },
  },
  {
    name: "transactional handlers: a failing event's writes are rolled back",
    guarantee: 5,
    needs: ["transact"],
    async run(subject) {
      const { ledger, handlerOf } = await prepare(subject);
      const problem = new Error("the callback's own error");
      let broken = true;
      const { handler } = handlerOf({
        onEvent(number) {
          if (broken && number === 3) throw problem;
        },
      });
      // Those before it may be kept by one run or by the next.
      for (let attempt = 0; attempt < 2; attempt++) {
        await expectRefusal(
          handler.runOnce(),
          (error) => error === problem,
          "runOnce to reject with what the callback throws",
        );
      }
      await ledger.expect(upTo(3));
      broken = false;
      await handler.runOnce();
      await ledger.expect(upTo(6));
    },
  },
  {
    name: "transactional handlers: with continueOnError the others' are kept",
    guarantee: 5,
    needs: ["transact"],
    async run(subject) {
      const { ledger, handlerOf } = await prepare(subject);
      const { handler, reports } = handlerOf({
        continueOnError: true,
        onEvent(number) {
          if (number === 0 || number === 4) throw new Error("passed over");
        },
      });
      await handler.runOnce();
      await ledger.expect([1, 2, 3, 5]);
      expectSame(
        reports.map((report) => (report.event as any)?.event?.number),
        [0, 4],
        "the events that were reported",
      );
    },
  },
  {
    name: "transactional handlers: several of one bookmark write once",
    guarantee: 6,
    needs: ["transact", "compareAndSet"],
    async run(subject) {
      const { ledger, handlerOf } = await prepare(subject, 40);
      const other = await subject.another();
      const racers = [
        handlerOf({}),
        handlerOf({ provider: other }),
        handlerOf({}),
      ];
      for (const { handler } of racers) handler.start();
      await eventually(
        () => ledger.numbers(),
        (numbers) => numbers.length >= 40,
        subject.patience,
      );
      await Promise.all(racers.map(({ handler }) => handler.stop()));
      await ledger.expect(upTo(40));
      expectSame(
        await handlerOf({}).handler.runOnce(),
        0,
        "what is left to handle",
      );
    },
  },
  {
    name: 'transactional handlers: without "transact" they are refused',
    guarantee: 9,
    without: "transact",
    async run(subject) {
      const stream = subject.unique("stream");
      await subject.append(stream, subject.unique("id"), 1, numbered(2));
      await subject.log(stream, 2);
      const options = { streams: stream };
      await expectRefusal(
        Promise.resolve().then(() =>
          record(subject, { ...options, transactional: true }).handler.runOnce()
        ),
        isStoreError("NOT_SUPPORTED"),
        "a transactional handler to be refused as NOT_SUPPORTED",
      );
      const plain = record(subject, options);
      await plain.handler.runOnce();
      expectSame(plain.numbers, [0, 1], "the events of a plain handler");
    },
  },
  {
    name: 'transactional handlers: without "transact" a tx is refused',
    guarantee: 9,
    without: "transact",
    async run(subject) {
      const counter = createCounter(subject);
      const id = subject.unique("id");
      const outcome = await settle(counter.add(id, 1, { tx: {} }));
      expect(
        !outcome.won && isStoreError("NOT_SUPPORTED")(outcome.error),
        "Expected a command with tx to be refused as NOT_SUPPORTED: it is not",
      );
      const { version } = await counter.add(id, 2);
      expectSame(version, 1, "the version");
      expectSame((await counter.load(id)).total, 2, "the total");
    },
  },
];

/** What the handlers wrote, in the log and in the application's own table. */
type Ledger = {
  numbers(): Promise<unknown[]>;
  expect(numbers: number[]): Promise<void>;
};

async function prepare(
  subject: Subject,
  count = 6,
): Promise<{
  stream: string;
  ledger: Ledger;
  handlerOf(options: Omit<RecorderOptions, "streams" | "bookmark">): Recorder;
}> {
  const [stream, bookmark] = [subject.unique("a"), subject.unique("mark")];
  const [book, page] = [subject.unique("book"), subject.unique("page")];
  const { scratch } = subject;
  await subject.append(stream, subject.unique("id"), 1, numbered(count));
  await subject.log(stream, count);
  const numbers = async () =>
    (await subject.load(book, page)).map(({ event }) => event.entry);
  return {
    stream,
    ledger: {
      numbers,
      async expect(expected) {
        expectSame(await numbers(), expected, "what was written to the log");
        const last = await scratch.read(page);
        expectSame(
          last,
          String(expected.length),
          "what was written to the application's own table",
        );
      },
    },
    handlerOf: ({ onEvent, ...options }) =>
      record(subject, {
        streams: stream,
        bookmark,
        transactional: true,
        ...options,
        async onEvent(number, event, id, tx) {
          const before = await subject.load(book, page, tx);
          const version = before.length + 1;
          await scratch.write(tx, page, String(version));
          await subject.append(
            book,
            page,
            version,
            [{ type: "Written", entry: number }],
            { tx },
          );
          // Afterwards, so that a failure has something to roll back.
          await onEvent?.(number, event, id, tx);
        },
      }),
  };
}
