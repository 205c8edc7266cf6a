import type { Case } from "../case.ts";
import type { StoreError } from "../../core/errors.ts";
import { added, createCounter } from "../counter.ts";
import { expect, expectRefusal, expectSame, isStoreError } from "../expect.ts";
import type { TestEvent } from "../subject.ts";

/** Bad input is refused by a command before anything is written. */
export const badInputCases: readonly Case[] = [
  {
    name: "bad input: an event that JSON cannot hold is refused, by name",
    guarantee: 9,
    async run(subject) {
      const counter = createCounter(subject);
      const id = subject.unique("id");
      await counter.add(id, 1);
      const cycle: TestEvent = { type: "Added" };
      cycle.self = cycle;
      const bad: [unknown, string][] = [
        ["text", "events[0]"],
        [7, "events[0]"],
        [{}, "events[0].type"],
        [{ type: "" }, "events[0].type"],
        [{ type: 7 }, "events[0].type"],
        [{ type: "Added", value: 1n }, "events[0].value"],
        [{ type: "Added", value: NaN }, "events[0].value"],
        [{ type: "Added", value: Infinity }, "events[0].value"],
        [{ type: "Added", value: () => 1 }, "events[0].value"],
        [{ type: "Added", value: Symbol("s") }, "events[0].value"],
        [{ type: "Added", value: new Map() }, "events[0].value"],
        [{ type: "Added", value: Promise.resolve(1) }, "events[0].value"],
        [{ type: "Added", list: [1, undefined] }, "events[0].list[1]"],
        [cycle, "events[0].self"],
        [[...added([1]), { value: 1n }], "events[1].type"],
      ];
      for (const [events, field] of bad) {
        await expectRefusal(
          counter.decide(id, () => events),
          (error) =>
            isStoreError("INVALID_INPUT")(error) &&
            (error as StoreError).field === field,
          `a bad ${field} to be refused as INVALID_INPUT that names it`,
        );
      }
      await subject.expectStored(counter.stream, id, added([1]));
      const log = await subject.log(counter.stream, 1);
      expectSame(log.length, 1, "the number of events in the log");
    },
  },
  {
    name: "bad input: an id that no database could keep is refused, by name",
    guarantee: 9,
    async run(subject) {
      const counter = createCounter(subject);
      const good = subject.unique("id");
      const calls = counter.calls();
      for (
        const id of ["", "\uD800", "a\0b", "x".repeat(513), 7, null, undefined]
      ) {
        await expectRefusal(
          counter.add(id as string, 1),
          (error) =>
            isStoreError("INVALID_INPUT")(error) &&
            (error as StoreError).field === "aggregateId",
          "a bad id to be refused as INVALID_INPUT that names it",
        );
      }
      expect(
        counter.calls() === calls,
        "Expected the command handler not to be called for a bad id: it was",
      );
      await counter.add(good, 1);
      const log = await subject.log(counter.stream, 1);
      expectSame(
        log.map((one) => one.aggregateId),
        [good],
        "the ids in the log",
      );
    },
  },
];
