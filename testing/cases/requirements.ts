import { RequirementError } from "../../core/claim_errors.ts";
import type { Case } from "../case.ts";
import { added, createCounter } from "../counter.ts";
import {
  describe,
  expect,
  expectRefusal,
  expectSame,
  isStoreError,
} from "../expect.ts";
import { numbered } from "../numbered.ts";
import { errorsOf, race, settle } from "../outcome.ts";
import { at, prepareRequirement } from "../requirements.ts";

/** Commands that need other aggregates to stay as they are. */
export const requirementCases: readonly Case[] = [
  {
    name: "hold: it tells the version, also of what the transaction wrote",
    guarantee: 2,
    needs: ["transact", "hold"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, numbered(1));
      const versions = await subject.transact(async (tx) => {
        const before = [
          await subject.hold(stream, subject.unique("id"), 0, tx),
          await subject.hold(stream, id, 0, tx),
          await subject.hold(stream, id, 1, tx),
          await subject.hold(stream, id, 7, tx),
        ];
        // What is held for others is free for the transaction itself.
        await subject.append(stream, id, 2, numbered(2), { tx });
        return [...before, await subject.hold(stream, id, 3, tx)];
      });
      expectSame(versions, [0, 1, 1, 1, 3], "the versions");
      await subject.append(stream, id, 4, numbered(1));
      const stored = await subject.load(stream, id);
      expectSame(
        stored.map((one) => one.version),
        [1, 2, 3, 4],
        "what is there",
      );
      const log = await subject.log(stream, 4);
      expectSame(log.length, 4, "the number of events in the log");
    },
  },
  {
    name: "requires: events are stored only beside that version of another",
    guarantee: 2,
    needs: ["transact", "hold"],
    async run(subject) {
      const { own, other } = await prepareRequirement(subject);
      for (const version of [0, 1, 3]) {
        await expectRefusal(
          own.counter.add(own.id, 1, { requires: [at(other, version)] }),
          (error) =>
            isRefusedAt(error, version) && error.actualVersion === 2 &&
            error.stream === other.counter.stream &&
            error.aggregateId === other.id,
          `version ${version} of one at 2 to be refused, with all facts`,
        );
      }
      await subject.expectStored(own.counter.stream, own.id, []);
      const stored = await own.counter.add(own.id, 1, {
        requires: [
          at(other, 2),
          { ...at(other, 0), aggregateId: subject.unique("nobody") },
        ],
      });
      expectSame(stored.version, 1, "the version that the command returns");
      await subject.expectStored(own.counter.stream, own.id, added([1]));
      await subject.expectStored(
        other.counter.stream,
        other.id,
        added([1, 1]),
      );
    },
  },
  {
    name: "requires: a refusal leaves nothing in a transaction that goes on",
    guarantee: 1,
    needs: ["transact", "hold"],
    async run(subject) {
      const { own, other } = await prepareRequirement(subject);
      const beside = subject.unique("beside");
      const outcome = await settle(subject.transact(async (tx) => {
        const refused = await settle(
          own.counter.add(own.id, 1, { tx, requires: [at(other, 1)] }),
        );
        await own.counter.add(beside, 1, { tx });
        return refused.won;
      }));
      expect(
        outcome.won && outcome.value === false,
        "Expected the command to be refused and the transaction to go on",
      );
      const { stream } = own.counter;
      await subject.expectStored(stream, own.id, []);
      await subject.expectStored(stream, beside, added([1]));
    },
  },
  {
    name: "requires: what a command handler requires is decided on again",
    guarantee: 2,
    needs: ["transact", "hold"],
    async run(subject) {
      const { own, other } = await prepareRequirement(subject);
      for (const retries of [0, 1]) {
        const { stream } = own.counter;
        const counter = createCounter(subject, { stream, retries });
        const id = subject.unique("id");
        let version = 1;
        const outcome = await settle(
          counter.decide(id, () => ({
            events: added([1]),
            requires: [at(other, version++)],
          })),
        );
        expect(
          outcome.won === (retries === 1),
          `Expected it to be stored only if it may try again: with ${retries} retries it was ${
            outcome.won ? "stored" : "refused"
          }`,
        );
        // What its caller requires is not so, however often it is decided.
        const { length } = await subject.load(stream, id);
        const calls = counter.calls();
        await expectRefusal(
          counter.add(id, 1, { requires: [at(other, 1)] }),
          (error) => isRefusedAt(error, 1),
          "what the caller requires to be refused",
        );
        expectSame(counter.calls() - calls, 1, "the calls of the handler");
        await subject.expectStored(stream, id, added([1]).slice(0, length));
      }
    },
  },
  {
    name: "requires: a repeated command is told so, whatever has changed",
    guarantee: 2,
    needs: ["transact", "hold", "findCommand"],
    async run(subject) {
      const { own, other } = await prepareRequirement(subject);
      const options = {
        commandId: subject.unique("command"),
        requires: [at(other, 2)],
      };
      const outcomes = await race(
        4,
        () => own.counter.add(own.id, 5, options),
      );
      const [failure] = errorsOf(outcomes);
      expect(
        failure === undefined,
        `Expected all copies to succeed: an error is ${describe(failure)}`,
      );
      await other.counter.add(other.id, 1);
      const { total } = await own.counter.add(own.id, 5, options);
      expectSame(total, 5, "the total that a repeat returns");
      await subject.expectStored(own.counter.stream, own.id, added([5]));
    },
  },
  {
    name: "requires: a provider that cannot hold an aggregate refuses them",
    without: "hold",
    async run(subject) {
      // A provider that has nothing at all shows nothing by lacking this.
      await subject.positions(1);
      const counter = createCounter(subject);
      const requires = [
        { stream: counter.stream, aggregateId: "other", version: 0 },
      ];
      const id = subject.unique("id");
      await expectRefusal(
        counter.add(id, 1, { requires }),
        isStoreError("NOT_SUPPORTED"),
        "requires to be refused as NOT_SUPPORTED",
      );
      expectSame(counter.calls(), 0, "the calls of the command handler");
      await expectRefusal(
        counter.decide(id, () => ({ events: added([1]), requires })),
        isStoreError("NOT_SUPPORTED"),
        "what a command handler requires to be refused as NOT_SUPPORTED",
      );
      await subject.expectStored(counter.stream, id, []);
    },
  },
];

function isRefusedAt(
  error: unknown,
  version: number,
): error is RequirementError {
  return error instanceof RequirementError &&
    error.code === "REQUIREMENT_FAILED" && error.requiredVersion === version;
}
