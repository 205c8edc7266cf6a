import { StoreError } from "../../core/errors.ts";
import type { Case } from "../case.ts";
import { expect, expectRefusal, expectSame, isStoreError } from "../expect.ts";
import { upTo } from "../numbered.ts";
import { prepareParking, problem } from "../parking.ts";
import { eventually } from "../time.ts";

/** A handler that parks goes on, and keeps what failed and its order. */
export const parkingCases: readonly Case[] = [
  {
    name: "parking: what fails is kept with its error, the others go on",
    guarantee: 7,
    needs: ["records"],
    async run(subject) {
      const { stream, failing: x, other: y, handlerOf } = await prepareParking(
        subject,
      );
      const { handler, reports, seen } = handlerOf();
      expectSame(await handler.runOnce(), 6, "what runOnce returns");
      expectSame(seen(y), upTo(3), "the events of the other aggregate");
      expectSame(seen(x), [0], "the events before the one that failed");
      const parked = await handler.parked();
      expectSame(
        parked.map((one) => [
          ...[one.stream, one.aggregateId, one.version, one.lastVersion],
          ...[one.error?.message, one.error?.code, one.failures],
        ]),
        [[stream, x, 2, 3, "bad event", "BAD", 1]],
        "what is parked",
      );
      expectSame(
        (await handler.status()).parked,
        { aggregates: 1, events: 2 },
        "what status() says is parked",
      );
      const [{ error, event } = { error: undefined, event: undefined }] =
        reports;
      expect(
        reports.length === 1 && error instanceof StoreError &&
          error.code === "EVENT_PARKED" && error.cause === problem,
        "Expected onError to be told once, of EVENT_PARKED with its cause",
      );
      expectSame(event?.version, 2, "the version of the event reported");
      expectSame(await handler.runOnce(), 0, "what is left to handle");
    },
  },
  {
    name: "parking: what comes behind waits, and is replayed in order",
    guarantee: 4,
    needs: ["records"],
    async run(subject) {
      const { failing: x, handlerOf, append, repair } = await prepareParking(
        subject,
      );
      const { handler, seen } = handlerOf();
      await handler.runOnce();
      await append(x, 4);
      await handler.runOnce();
      expectSame(seen(x), [0], "the events while it is parked");
      await expectRefusal(
        handler.replay({ aggregateId: x }),
        (error) => error === problem,
        "a replay before the repair to reject with what the callback throws",
      );
      expectSame(
        (await handler.parked()).map(({ version, failures }) => [
          ...[version, failures],
        ]),
        [[2, 2]],
        "where it stays parked",
      );
      repair();
      expectSame(
        await handler.replay({ aggregateId: x }),
        3,
        "what replay returns",
      );
      expectSame(seen(x), upTo(4), "the events after the replay");
      expectSame(await handler.parked(), [], "what is parked then");
      await append(x, 5);
      await handler.runOnce();
      expectSame(seen(x), upTo(5), "the events that come then");
      expectSame(await handler.parked(), [], "what is parked at the end");
    },
  },
  {
    name: "parking: another process knows what is parked",
    guarantee: 4,
    needs: ["records"],
    async run(subject) {
      const { failing: x, other: y, handlerOf, append, repair } =
        await prepareParking(
          subject,
        );
      const first = handlerOf();
      await first.handler.runOnce();
      const second = handlerOf({ provider: await subject.another() });
      second.handler.start();
      await append(x, 4);
      await append(y, 4);
      await eventually(
        () => second.seen(y),
        (seen) => seen.length > 0,
        subject.patience,
      );
      expectSame(second.seen(y), [3], "the events of the other aggregate");
      expectSame(second.seen(x), [], "the events of the parked one");
      await expectRefusal(
        second.handler.handled(first.stream, x, 4, {
          timeout: subject.patience,
        }),
        isStoreError("EVENT_PARKED"),
        "handled() of an event behind a parked one to say so",
      );
      repair();
      await first.handler.replay({ aggregateId: x });
      expectSame(first.seen(x), upTo(4), "the events after the replay");
      await append(x, 5);
      await eventually(
        () => second.seen(x),
        (seen) => seen.length > 0,
        subject.patience,
      );
      expectSame(second.seen(x), [4], "the events that come then");
      expectSame(await second.handler.parked(), [], "what is parked then");
    },
  },
  {
    name: "parking: several at once keep the order of each aggregate",
    guarantee: 4,
    needs: ["records"],
    async run(subject) {
      const { failing: x, other: y, handlerOf, append, repair } =
        await prepareParking(
          subject,
        );
      const { handler, seen } = handlerOf({ concurrency: 3 });
      await handler.runOnce();
      await append(x, 4);
      await append(y, 4);
      await handler.runOnce();
      expectSame(seen(y), upTo(4), "the events of the other aggregate");
      expectSame(seen(x), [0], "the events while it is parked");
      repair();
      await handler.replay({ aggregateId: x });
      expectSame(seen(x), upTo(4), "the events after the replay");
    },
  },
];
