import type { Case } from "../case.ts";
import type { Provider } from "../../core/provider.ts";
import {
  describe,
  expect,
  expectAcceptedOrInvalid,
  expectRefusal,
  expectSame,
  isStoreError,
} from "../expect.ts";
import { hostileTexts } from "../hostile.ts";
import { numbered, upTo } from "../numbered.ts";
import { settle } from "../outcome.ts";
import { prepareParking, problem } from "../parking.ts";
import { record } from "../recorder.ts";
import { eventually } from "../time.ts";

/** What is parked is kept exactly, and replayed or given up as one says. */
export const parkedEventCases: readonly Case[] = [
  {
    name: "parking: discard gives up the event that failed, and no other",
    guarantee: 7,
    needs: ["records"],
    async run(subject) {
      const { failing: x, handlerOf } = await prepareParking(subject);
      const { handler, seen } = handlerOf();
      await handler.runOnce();
      const [parked] = await handler.parked();
      expect(parked !== undefined, "Expected the event to be parked");
      expectSame(await handler.discard(parked), 1, "what discard returns");
      expectSame(await handler.replay(parked), 1, "what replay returns");
      expectSame(seen(x), [0, 2], "the events that were handled");
      expectSame(await handler.parked(), [], "what is parked then");
    },
  },
  {
    name: "parking: beside a replay a transactional handler writes once",
    guarantee: 5,
    needs: ["transact", "records", "compareAndSet"],
    async run(subject) {
      const { failing: x, handlerOf, append, repair } = await prepareParking(
        subject,
      );
      const [book, page] = [subject.unique("book"), subject.unique("page")];
      const handlerOn = (provider: Provider<any>) =>
        handlerOf({
          transactional: true,
          provider,
          async onEvent(number, { bad }, id, tx) {
            if (id === x) {
              const before = await provider
                .getEventsFor(book, page, undefined, { tx });
              const version = before.length + 1;
              const entry = { type: "Written", entry: number };
              const options = { tx, provider };
              await subject.append(book, page, version, [entry], options);
            }
            // Afterwards, so that a failure has something to roll back.
            if (bad) throw problem;
          },
        });
      const written = async () =>
        (await subject.load(book, page)).map(({ event }) => event.entry);
      const first = handlerOn(subject.provider);
      await first.handler.runOnce();
      expectSame(await written(), [0], "what was written while it is parked");
      expectSame(
        (await first.handler.parked()).map(({ version }) => version),
        [2],
        "what is parked",
      );
      repair();
      const second = handlerOn(await subject.another());
      second.handler.start();
      const behind = (async () => {
        for (let version = 4; version <= 8; version++) await append(x, version);
      })();
      // It may be told to give way to the other one, and tries again.
      const outcome = await eventually(
        async () => await settle(second.handler.replay({ aggregateId: x })),
        ({ won }) => won,
        subject.patience * 2,
      );
      expect(
        outcome.won,
        `Expected the replay to end: the error is ${
          outcome.won ? "none" : describe(outcome.error)
        }`,
      );
      await behind;
      await eventually(
        written,
        (entries) => entries.length >= 8,
        subject.patience,
      );
      await second.handler.stop();
      expectSame(await written(), upTo(8), "what was written in the end");
      expectSame(await second.handler.runOnce(), 0, "what is left to handle");
    },
  },
  {
    name: "parking: hostile ids and errors are kept apart, and as they are",
    guarantee: 10,
    needs: ["records"],
    async run(subject) {
      const stream = subject.unique("stream");
      const ids: string[] = [];
      for (const id of hostileTexts) {
        const appended = await settle(
          subject.append(stream, id, 1, numbered(1)),
        );
        if (expectAcceptedOrInvalid(appended, "a hostile id")) ids.push(id);
      }
      let broken = true;
      const { handler, numbers } = record(subject, {
        streams: stream,
        onFailure: "park",
        retry: { times: 0 },
        onEvent(_number, _event, id) {
          if (broken) throw new Error(`${id} \0 \uD800`);
        },
      });
      await subject.log(stream, ids.length);
      await handler.runOnce();
      expectSame(numbers, [], "the events while all are parked");
      const parked = await handler.parked();
      expectSame(
        parked.map(({ aggregateId }) => aggregateId).sort(),
        [...ids].sort(),
        "the ids that are parked",
      );
      expect(
        ids.length > 0 &&
          parked.every(({ error }) =>
            error?.message.endsWith(" \uFFFD \uFFFD")
          ),
        "Expected the errors to be kept, without NUL and half a character",
      );
      broken = false;
      for (const one of parked) await handler.replay(one);
      expectSame(numbers.length, ids.length, "how many were replayed");
      expectSame(await handler.parked(), [], "what is parked then");
    },
  },
  {
    name: 'parking: without "records" it is refused',
    guarantee: 9,
    without: "records",
    async run(subject) {
      const { stream, handlerOf } = await prepareParking(subject);
      await expectRefusal(
        Promise.resolve().then(() => handlerOf().handler.runOnce()),
        isStoreError("NOT_SUPPORTED"),
        "a handler that parks to be refused as NOT_SUPPORTED",
      );
      const plain = record(subject, { streams: stream });
      await plain.handler.runOnce();
      expectSame(plain.numbers.length, 6, "the events of a plain handler");
    },
  },
];
