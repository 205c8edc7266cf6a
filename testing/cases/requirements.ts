import { RequirementError } from "../../core/claim_errors.ts";
import type { Requirement } from "../../core/claims.ts";
import type { Case } from "../case.ts";
import { added, type Counter, createCounter } from "../counter.ts";
import {
  describe,
  expect,
  expectRefusal,
  expectSame,
  isStoreError,
} from "../expect.ts";
import { numbered } from "../numbered.ts";
import { errorsOf, type Outcome, race, settle } from "../outcome.ts";
import type { Subject } from "../subject.ts";
import { createGate, sleep } from "../time.ts";

/** How long what should wait is given to do what it should not. */
const MEANWHILE_MS = 100;

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
      const { own, other } = await prepare(subject);
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
    name: "requires: nobody appends to the other one before the commit",
    guarantee: 2,
    needs: ["transact", "hold"],
    async run(subject) {
      const { own, other } = await prepare(subject);
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
      const { own, other } = await prepare(subject);
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
      const { own, other } = await prepare(subject);
      const elsewhere = await subject.another();
      const over = ({ counter }: One) =>
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
      const { own, other } = await prepare(subject);
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
      const { own, other } = await prepare(subject);
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
  {
    name: "requires: a refusal leaves nothing in a transaction that goes on",
    guarantee: 1,
    needs: ["transact", "hold"],
    async run(subject) {
      const { own, other } = await prepare(subject);
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
      const { own, other } = await prepare(subject);
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
      const { own, other } = await prepare(subject);
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

/** An aggregate of a counter. */
type One = { counter: Counter; id: string };

/** An aggregate that is empty, and another one at version 2. */
async function prepare(subject: Subject): Promise<{ own: One; other: One }> {
  const own = { counter: createCounter(subject), id: subject.unique("id") };
  const other = { counter: createCounter(subject), id: subject.unique("id") };
  await other.counter.addAll(other.id, [1, 1]);
  return { own, other };
}

function at({ counter, id }: One, version: number): Requirement {
  return { stream: counter.stream, aggregateId: id, version };
}

async function atNow(one: One): Promise<Requirement> {
  return at(one, (await one.counter.load(one.id)).version);
}

function isRefusedAt(
  error: unknown,
  version: number,
): error is RequirementError {
  return error instanceof RequirementError &&
    error.code === "REQUIREMENT_FAILED" && error.requiredVersion === version;
}

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
