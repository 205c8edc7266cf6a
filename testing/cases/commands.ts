import type { Case } from "../case.ts";
import { added, createCounter } from "../counter.ts";
import {
  describe,
  expect,
  expectRefusal,
  expectSame,
  isVersionError,
} from "../expect.ts";
import { upTo } from "../numbered.ts";
import { errorsOf, race, valuesOf } from "../outcome.ts";

/** Commands of a domain on the provider. */
export const commandCases: readonly Case[] = [
  {
    name: "commands: all events of one command are stored, and folded",
    guarantee: 1,
    async run(subject) {
      const counter = createCounter(subject);
      const id = subject.unique("id");
      const states = [
        await counter.addAll(id, [1, 2, 3]),
        await counter.load(id),
        await counter.addAll(id, []),
      ];
      for (const state of states) {
        expectSame(
          state,
          { aggregateId: id, version: 3, total: 6 },
          "the aggregate",
        );
      }
      await subject.expectStored(counter.stream, id, added([1, 2, 3]));
    },
  },
  {
    name: "commands: one that throws stores nothing",
    guarantee: 1,
    async run(subject) {
      const counter = createCounter(subject);
      const id = subject.unique("id");
      await counter.add(id, 1);
      const problem = new Error("the domain's own error");
      await expectRefusal(
        counter.decide(id, () => {
          throw problem;
        }),
        (error) => error === problem,
        "a command to reject with what its handler throws",
      );
      await subject.expectStored(counter.stream, id, added([1]));
    },
  },
  {
    name: "commands: expectedVersion refuses whoever saw another version",
    guarantee: 2,
    async run(subject) {
      const counter = createCounter(subject, { retries: 5 });
      const id = subject.unique("id");
      await counter.add(id, 1, { expectedVersion: 0 });
      await counter.add(id, 2, { expectedVersion: 1 });
      for (const expectedVersion of [0, 1, 3, 40]) {
        await expectRefusal(
          counter.add(id, 9, { expectedVersion }),
          isVersionError,
          `expectedVersion ${expectedVersion} at version 2 to be refused as VersionError`,
        );
      }
      await subject.expectStored(counter.stream, id, added([1, 2]));
    },
  },
  {
    name: "commands: of those that run at once each is stored or refused",
    guarantee: 2,
    async run(subject) {
      const counter = createCounter(subject);
      const id = subject.unique("id");
      const outcomes = await race(
        8,
        () => counter.decide(id, ({ version }) => added([version])),
      );
      const winners = valuesOf(outcomes);
      const stranger = errorsOf(outcomes).find((one) => !isVersionError(one));
      expect(
        stranger === undefined,
        `Expected losers to be told VersionError: one was told ${
          describe(stranger)
        }`,
      );
      // Each event is the version that it was decided on.
      await subject.expectStored(
        counter.stream,
        id,
        added(upTo(winners.length)),
      );
      expect(winners.length > 0, "Expected a winner: there is none");
    },
  },
  {
    name: "commands: with retries all of those that run at once are stored",
    guarantee: 2,
    async run(subject) {
      const counter = createCounter(subject, { retries: 500 });
      const other = createCounter(subject, {
        retries: 500,
        stream: counter.stream,
        provider: await subject.another(),
        useCache: true,
      });
      const id = subject.unique("id");
      const outcomes = await race(
        10,
        (racer) =>
          (racer % 2 ? counter : other)
            .decide(id, ({ version }) => added([version, version + 1])),
      );
      const [failure] = errorsOf(outcomes);
      expect(
        failure === undefined,
        `Expected all to be stored: an error is ${describe(failure)}`,
      );
      for (const one of [counter, other]) {
        const { version, total } = await one.load(id);
        expectSame([version, total], [20, 190], "the version and total");
      }
      // Each event is the version that it stands on.
      await subject.expectStored(counter.stream, id, added(upTo(20)));
    },
  },
  {
    name: "commands: a cached aggregate is right when others appended",
    guarantee: 2,
    async run(subject) {
      const cached = createCounter(subject, { useCache: true });
      const elsewhere = createCounter(subject, {
        stream: cached.stream,
        provider: await subject.another(),
      });
      const id = subject.unique("id");
      let total = 0;
      for (const value of upTo(4)) {
        total += 11 * value + 1;
        await cached.add(id, value);
        await elsewhere.addAll(id, [10 * value, 1]);
        const state = await cached.load(id);
        expectSame(
          [state.version, state.total],
          [3 * (value + 1), total],
          "the cached aggregate's version and total",
        );
      }
      await elsewhere.add(id, 1000);
      const { version } = await cached.add(id, 1);
      expectSame(version, 14, "the version after a command on it");
    },
  },
  {
    name: "commands: a persisted aggregate is right when others appended",
    guarantee: 2,
    async run(subject) {
      const persisted = createCounter(subject, { persistAggregate: true });
      const plain = createCounter(subject, { stream: persisted.stream });
      const [id, other] = [subject.unique("id"), subject.unique("id")];
      await persisted.addAll(id, [1, 2]);
      await persisted.add(other, 50);
      expectSame((await persisted.load(id)).total, 3, "the total");
      await plain.add(id, 4);
      await persisted.add(id, 8);
      for (const one of [persisted, plain]) {
        const { total, version } = await one.load(id);
        expectSame([total, version], [15, 4], "the total and version");
      }
      expectSame((await persisted.load(other)).total, 50, "the other's total");
    },
  },
  {
    name: "commands: a long aggregate is loaded to its end",
    guarantee: 2,
    async run(subject) {
      const counter = createCounter(subject);
      const id = subject.unique("id");
      for (let commits = 0; commits < 5; commits++) {
        await counter.addAll(id, Array.from({ length: 500 }, () => 1));
      }
      const { total, version } = await counter.load(id);
      expectSame([total, version], [2500, 2500], "the total and version");
    },
  },
  {
    name: "commands: metadata is stored with each event of the command",
    needs: ["metadata"],
    async run(subject) {
      const counter = createCounter(subject);
      const id = subject.unique("id");
      const metadata = { correlationId: "c", user: { id: 7 } };
      await counter.addAll(id, [1, 2], { metadata });
      await counter.add(id, 3);
      const stored = await subject.load(counter.stream, id);
      expectSame(
        stored.map((one) => one.metadata ?? "none"),
        [metadata, metadata, "none"],
        "the metadata of the events",
      );
    },
  },
  {
    name: "commands: one that was rolled back is not in the cache",
    guarantee: 2,
    needs: ["transact"],
    async run(subject) {
      const counter = createCounter(subject, { useCache: true });
      const id = subject.unique("id");
      await counter.add(id, 1);
      const problem = new Error("the work's own error");
      await expectRefusal(
        subject.transact(async (tx) => {
          const inside = await counter.add(id, 10, { tx });
          expectSame(inside.total, 11, "the total inside the transaction");
          const again = await counter.add(id, 100, { tx });
          expectSame(again.total, 111, "the total inside the transaction");
          throw problem;
        }),
        (error) => error === problem,
        "transact to reject with what its work throws",
      );
      expectSame((await counter.load(id)).total, 1, "the total");
      await subject.transact((tx) => counter.add(id, 1000, { tx }));
      const { total, version } = await counter.load(id);
      expectSame([total, version], [1001, 2], "the total and version");
    },
  },
];
