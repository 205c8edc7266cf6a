import { RequirementError } from "../../core/claim_errors.ts";
import type { Case } from "../case.ts";
import { added, createCounter } from "../counter.ts";
import { describe, expect, expectSame } from "../expect.ts";
import { errorsOf, type Outcome, race, settle } from "../outcome.ts";
import {
  at,
  atNow,
  type CountedAggregate,
  prepareRequirement,
} from "../requirements.ts";
import { createGate, MEANWHILE_MS, sleep } from "../time.ts";

/** Commands whose required aggregates others write to at the same time. */
export const requirementRaceCases: readonly Case[] = [
  {
    name: "requires: nobody appends to the other one before the commit",
    guarantee: 2,
    needs: ["transact", "hold"],
    async run(subject) {
      const { own, other } = await prepareRequirement(subject);
      const elsewhere = await subject.another();
      const [checked, mayEnd] = [createGate(), createGate()];
      const command = settle(subject.transact(async (tx) => {
        await own.counter.add(own.id, 1, { tx, requires: [at(other, 2)] });
        checked.open();
        await mayEnd.opened;
      }));
      await Promise.race([checked.opened, command]);
      let isAppended = false;
      const beside = settle(
        subject.append(other.counter.stream, other.id, 3, added([1]), {
          provider: elsewhere,
        }).then(() => isAppended = true),
      );
      await Promise.race([beside, sleep(MEANWHILE_MS)]);
      const wasBefore = isAppended;
      mayEnd.open();
      const { won } = await command;
      await beside;
      expect(
        !(wasBefore && won),
        "Expected an append to the required aggregate to wait, or the command to be refused: both were stored, the append first",
      );
      const stored = await subject.load(own.counter.stream, own.id);
      expectSame(stored.length, won ? 1 : 0, "the number of events stored");
      // Whoever was refused is so once, and the other one goes on.
      const next = await subject.load(other.counter.stream, other.id);
      await subject.append(
        other.counter.stream,
        other.id,
        next.length + 1,
        added([1]),
      );
    },
  },
  {
    name: "requires: an append that is not committed yet counts if it will be",
    guarantee: 2,
    needs: ["transact", "hold"],
    async run(subject) {
      const { own, other } = await prepareRequirement(subject);
      const elsewhere = createCounter(subject, {
        stream: own.counter.stream,
        provider: await subject.another(),
      });
      const [written, mayEnd] = [createGate(), createGate()];
      const writer = settle(subject.transact(async (tx) => {
        await other.counter.add(other.id, 1, { tx });
        written.open();
        await mayEnd.opened;
      }));
      await Promise.race([written.opened, writer]);
      let isStored = false;
      const command = settle(
        elsewhere.add(own.id, 1, { requires: [at(other, 2)] })
          .then(() => isStored = true),
      );
      await Promise.race([command, sleep(MEANWHILE_MS)]);
      const wasBefore = isStored;
      mayEnd.open();
      const [first, second] = [await writer, await command];
      expect(
        !(first.won && second.won && !wasBefore),
        "Expected a command to be refused that was stored behind an append to the aggregate that it requires: both were stored",
      );
      expect(
        first.won || second.won,
        "Expected one of both to be stored: none was",
      );
      expectSame(
        [(await atNow(own)).version, (await atNow(other)).version],
        [second.won ? 1 : 0, first.won ? 3 : 2],
        "the versions of both",
      );
    },
  },
  {
    name:
      "requires: of two transactions that require each other's, one commits",
    guarantee: 2,
    needs: ["transact", "hold"],
    async run(subject) {
      const { own, other } = await prepareRequirement(subject);
      const elsewhere = await subject.another();
      const over = ({ counter }: CountedAggregate) =>
        createCounter(subject, { stream: counter.stream, provider: elsewhere });
      // In both orders, as one lock may be taken before the other.
      for (const [first, second] of [[own, other], [other, own]] as const) {
        const [a, b] = [await atNow(first), await atNow(second)];
        const [checked, mayEnd] = [createGate(), createGate()];
        const before = settle(subject.transact(async (tx) => {
          await first.counter.add(first.id, 1, { tx, requires: [b] });
          checked.open();
          await mayEnd.opened;
        }));
        await Promise.race([checked.opened, before]);
        const after = settle(elsewhere.transact!(async (tx) => {
          await over(second).add(second.id, 1, { tx, requires: [a] });
        }));
        await Promise.race([after, sleep(MEANWHILE_MS)]);
        mayEnd.open();
        expectOneWinner([await before, await after], "held open");
        const versions = [
          (await atNow(first)).version - a.version,
          (await atNow(second)).version - b.version,
        ];
        expectSame(versions[0]! + versions[1]!, 1, "how many were appended");
      }
    },
  },
  {
    name:
      "requires: of racers that require each other's, never both are stored",
    guarantee: 2,
    needs: ["transact", "hold"],
    async run(subject) {
      const { own, other } = await prepareRequirement(subject);
      const there = createCounter(subject, {
        stream: other.counter.stream,
        provider: await subject.another(),
      });
      for (let turn = 0; turn < 12; turn++) {
        const [a, b] = [await atNow(own), await atNow(other)];
        const outcomes = await race(
          2,
          (racer) =>
            racer === 0
              ? own.counter.add(own.id, 1, { requires: [b] })
              : there.add(other.id, 1, { requires: [a] }),
        );
        expectOneWinner(outcomes, `turn ${turn}`);
      }
    },
  },
  {
    name: "requires: all who require the same of one aggregate are stored",
    guarantee: 2,
    needs: ["transact", "hold"],
    async run(subject) {
      const { own, other } = await prepareRequirement(subject);
      const there = createCounter(subject, {
        stream: own.counter.stream,
        provider: await subject.another(),
      });
      const outcomes = await race(6, (racer) => {
        const counter = racer % 2 ? there : own.counter;
        return counter.add(`${own.id} ${racer}`, racer, {
          requires: [at(other, 2)],
        });
      });
      const [failure] = errorsOf(outcomes);
      expect(
        failure === undefined,
        `Expected all to be stored: an error is ${describe(failure)}`,
      );
      // What was held leaves nothing in the log, and nothing behind it is lost.
      await other.counter.add(other.id, 1);
      const streams = [own.counter.stream, other.counter.stream];
      const log = await subject.log(streams, 9);
      expectSame(
        [log.filter((one) => one.stream === streams[0]).length, log.length],
        [6, 9],
        "the number of events in the log",
      );
    },
  },
];

function expectOneWinner(outcomes: Outcome<unknown>[], when: string): void {
  const errors = errorsOf(outcomes);
  expect(
    errors.length === 1,
    `Expected one of two to be stored (${when}): ${2 - errors.length} were${
      errors.length > 0 ? `, an error is ${describe(errors[0])}` : ""
    }`,
  );
  expect(
    errors[0] instanceof RequirementError,
    `Expected the other one to be refused as RequirementError (${when}): the error is ${
      describe(errors[0])
    }`,
  );
}
