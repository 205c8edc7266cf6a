import type { Case } from "../case.ts";
import { added, createCounter } from "../counter.ts";
import {
  describe,
  expect,
  expectRefusal,
  expectSame,
  isStoreError,
} from "../expect.ts";
import { errorsOf, race } from "../outcome.ts";

/** A command that is sent again with its id is stored once. */
export const repeatedCommandCases: readonly Case[] = [
  {
    name:
      "repeated commands: a repeat stores nothing, and returns the aggregate",
    guarantee: 2,
    needs: ["findCommand"],
    async run(subject) {
      for (const useCache of [false, true]) {
        const counter = createCounter(subject, { useCache });
        const id = subject.unique("id");
        const commandId = subject.unique("command");
        await counter.addAll(id, [1, 2], { commandId });
        await counter.add(id, 4);
        const calls = counter.calls();
        const repeated = await counter.addAll(id, [1, 2], { commandId });
        expectSame(
          repeated,
          { aggregateId: id, version: 3, total: 7 },
          "the aggregate that a repeat returns",
        );
        expect(
          counter.calls() === calls,
          "Expected the command handler not to be called for a repeat: it was",
        );
        await subject.expectStored(counter.stream, id, added([1, 2, 4]));
      }
    },
  },
  {
    name: "repeated commands: another process knows the command too",
    guarantee: 2,
    needs: ["findCommand"],
    async run(subject) {
      const counter = createCounter(subject);
      const elsewhere = createCounter(subject, {
        stream: counter.stream,
        provider: await subject.another(),
        useCache: true,
      });
      const id = subject.unique("id");
      const commandId = subject.unique("command");
      await elsewhere.load(id);
      await counter.add(id, 5, { commandId });
      const { total } = await elsewhere.add(id, 5, { commandId });
      expectSame(total, 5, "the total that a repeat returns");
      await subject.expectStored(counter.stream, id, added([5]));
    },
  },
  {
    name: "repeated commands: copies that are sent at once all succeed",
    guarantee: 2,
    needs: ["findCommand"],
    async run(subject) {
      const counter = createCounter(subject);
      const elsewhere = createCounter(subject, {
        stream: counter.stream,
        provider: await subject.another(),
      });
      const id = subject.unique("id");
      const commandId = subject.unique("command");
      const outcomes = await race(
        8,
        (racer) => (racer % 2 ? counter : elsewhere).add(id, 5, { commandId }),
      );
      const [failure] = errorsOf(outcomes);
      expect(
        failure === undefined,
        `Expected all copies to succeed: an error is ${describe(failure)}`,
      );
      for (const outcome of outcomes) {
        expectSame(
          outcome.won && outcome.value.total,
          5,
          "what a copy returns",
        );
      }
      await subject.expectStored(counter.stream, id, added([5]));
    },
  },
  {
    name: "repeated commands: a rolled-back command may be sent again",
    guarantee: 5,
    needs: ["findCommand", "transact"],
    async run(subject) {
      const counter = createCounter(subject);
      const id = subject.unique("id");
      const commandId = subject.unique("command");
      const problem = new Error("the work's own error");
      await expectRefusal(
        subject.transact(async (tx) => {
          await counter.add(id, 5, { commandId, tx });
          await counter.add(id, 5, { commandId, tx });
          throw problem;
        }),
        (error) => error === problem,
        "transact to reject with what its work throws",
      );
      const { total } = await counter.add(id, 5, { commandId });
      expectSame(total, 5, "the total");
      await subject.expectStored(counter.stream, id, added([5]));
    },
  },
  {
    name: 'repeated commands: without "findCommand" an id is refused',
    guarantee: 9,
    without: "findCommand",
    async run(subject) {
      const counter = createCounter(subject);
      const id = subject.unique("id");
      await expectRefusal(
        counter.add(id, 1, { commandId: subject.unique("command") }),
        isStoreError("NOT_SUPPORTED"),
        "commandId to be refused as NOT_SUPPORTED",
      );
      await counter.add(id, 2);
      await subject.expectStored(counter.stream, id, added([2]));
    },
  },
];
