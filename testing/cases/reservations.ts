import { ReservationError } from "../../core/claim_errors.ts";
import { findReservation } from "../../core/reservations.ts";
import type { Case } from "../case.ts";
import { added, createCounter } from "../counter.ts";
import {
  describe,
  expect,
  expectRefusal,
  expectSame,
  isStoreError,
  isVersionError,
} from "../expect.ts";
import { errorsOf, race, settle, valuesOf } from "../outcome.ts";
import type { Subject } from "../subject.ts";
import { createGate, sleep } from "../time.ts";

/** How long what should wait is given to do what it should not. */
const MEANWHILE_MS = 100;

/** Keys that belong to one aggregate at a time. */
export const reservationCases: readonly Case[] = [
  {
    name: "reservations: a key belongs to one aggregate, until it is released",
    guarantee: 2,
    needs: ["transact", "records"],
    async run(subject) {
      const { counter, ada, bob, key, ownerOf } = prepare(subject);
      expectSame(await ownerOf(key), undefined, "who has a key that is free");
      await counter.add(ada, 1, { reserve: [key] });
      await counter.add(ada, 1, { reserve: [key] });
      expectSame(await ownerOf(key), ada, "who has it");
      await expectRefusal(
        counter.add(bob, 1, { reserve: [key] }),
        (error) => isTaken(error, key, counter.stream, ada),
        "a key that is taken to be refused, with its owner",
      );
      // Neither may who does not have it give it away.
      await counter.add(bob, 1, { release: [key] });
      expectSame(await ownerOf(key), ada, "who has it still");
      const next = subject.unique("key");
      await counter.add(ada, 1, { reserve: [next], release: [key] });
      expectSame(
        [await ownerOf(key) ?? "nobody", await ownerOf(next)],
        ["nobody", ada],
        "who has the old key and the new one",
      );
      await counter.add(bob, 1, { reserve: [key] });
      expectSame(await ownerOf(key), bob, "who has the old key");
      await subject.expectStored(counter.stream, ada, added([1, 1, 1]));
      await subject.expectStored(counter.stream, bob, added([1, 1]));
    },
  },
  {
    name: "reservations: of racers for a key one has it, and its events",
    guarantee: 2,
    needs: ["transact", "records"],
    async run(subject) {
      const { counter, ownerOf } = prepare(subject);
      const elsewhere = createCounter(subject, {
        stream: counter.stream,
        provider: await subject.another(),
      });
      for (let turn = 0; turn < 5; turn++) {
        const keys = [subject.unique("a"), subject.unique("b")];
        const ids = Array.from({ length: 6 }, () => subject.unique("id"));
        const outcomes = await race(6, async (racer) => {
          const reserve = racer % 2 ? keys : keys.toReversed();
          await (racer % 2 ? counter : elsewhere)
            .add(ids[racer]!, 1, { reserve });
          return ids[racer]!;
        });
        const [winner, ...others] = valuesOf(outcomes);
        expect(
          winner !== undefined && others.length === 0,
          `Expected one of 6 racers to have the keys: ${
            valuesOf(outcomes).length
          } have, an error is ${describe(errorsOf(outcomes)[0])}`,
        );
        const wrong = errorsOf(outcomes).find((error) =>
          !(error instanceof ReservationError && error.aggregateId === winner)
        );
        expect(
          wrong === undefined,
          `Expected the others to be told who has it: an error is ${
            describe(wrong)
          }`,
        );
        for (const key of keys) {
          expectSame(await ownerOf(key), winner, "who has it");
        }
        for (const id of ids) {
          const events = id === winner ? added([1]) : [];
          await subject.expectStored(counter.stream, id, events);
        }
      }
    },
  },
  {
    name: "reservations: one that is not committed is waited for, or refused",
    guarantee: 2,
    needs: ["transact", "records"],
    async run(subject) {
      const elsewhere = await subject.another();
      for (const isKept of [true, false]) {
        const { counter, ada, bob, key, ownerOf } = prepare(subject);
        const there = createCounter(subject, {
          stream: counter.stream,
          provider: elsewhere,
        });
        const [reserved, mayEnd] = [createGate(), createGate()];
        const problem = new Error("the work's own error");
        const first = settle(subject.transact(async (tx) => {
          await counter.add(ada, 1, { tx, reserve: [key] });
          reserved.open();
          await mayEnd.opened;
          if (!isKept) throw problem;
        }));
        await Promise.race([reserved.opened, first]);
        const second = settle(there.add(bob, 1, { reserve: [key] }));
        await Promise.race([second, sleep(MEANWHILE_MS)]);
        mayEnd.open();
        const [one, other] = [await first, await second];
        expect(
          one.won === isKept && other.won !== isKept,
          `Expected the key to be the ${
            isKept ? "first" : "second"
          } one's alone: the errors are ${
            errorsOf([one, other]).map(describe).join() || "none"
          }`,
        );
        expectSame(await ownerOf(key), isKept ? ada : bob, "who has it");
        if (other.won) continue;
        expect(
          isTaken(other.error, key, counter.stream, ada),
          `Expected the other one to be told who has it: the error is ${
            describe(other.error)
          }`,
        );
      }
    },
  },
  {
    name:
      "reservations: a refusal leaves nothing in a transaction that goes on",
    guarantee: 1,
    needs: ["transact", "records"],
    async run(subject) {
      const { counter, ada, bob, key, ownerOf } = prepare(subject);
      // The order of keys is the library's: one before it, and one behind.
      const [before, behind] = [`a ${key}`, `z ${key}`];
      await counter.add(ada, 1, { reserve: [key] });
      await counter.add(bob, 1, { reserve: [before] });
      const outcome = await settle(subject.transact(async (tx) => {
        const refused = await settle(counter.add(bob, 1, {
          tx,
          release: [before],
          reserve: [`b ${key}`, key, behind],
        }));
        await counter.add(subject.unique("id"), 1, { tx });
        return refused.won;
      }));
      expect(
        outcome.won && outcome.value === false,
        "Expected the command to be refused and the transaction to go on",
      );
      const owners = [];
      for (const one of [before, `b ${key}`, key, behind]) {
        owners.push(await ownerOf(one) ?? "nobody");
      }
      expectSame(owners, [bob, "nobody", ada, "nobody"], "who has the keys");
      await subject.expectStored(counter.stream, bob, added([1]));
    },
  },
  {
    name: "reservations: with events that are refused nothing is reserved",
    guarantee: 1,
    needs: ["transact", "records"],
    async run(subject) {
      const { counter, ada, key, ownerOf } = prepare(subject);
      // Somebody else is faster while it decides.
      await expectRefusal(
        counter.decide(ada, async () => {
          await subject.append(counter.stream, ada, 1, added([5]));
          return { events: added([1]), reserve: [key] };
        }),
        isVersionError,
        "a decision on an old version to be refused as VersionError",
      );
      expectSame(await ownerOf(key) ?? "nobody", "nobody", "who has it");
      // Nor with none.
      await counter.decide(ada, () => ({ events: [], reserve: [key] }));
      await counter.addAll(ada, [], { reserve: [key] });
      expectSame(await ownerOf(key) ?? "nobody", "nobody", "who has it");
      await subject.expectStored(counter.stream, ada, added([5]));
    },
  },
  {
    name: "reservations: who decided on an old version gives nothing away",
    guarantee: 2,
    needs: ["transact", "records"],
    async run(subject) {
      const { counter, ada, bob, key, ownerOf } = prepare(subject);
      await counter.add(ada, 1, { reserve: [key] });
      await expectRefusal(
        counter.decide(ada, async () => {
          await counter.add(ada, 1, { release: [key] });
          await counter.add(ada, 1, { reserve: [key] });
          await counter.add(ada, 1, { release: [key] });
          await counter.add(bob, 1, { reserve: [key] });
          return { events: added([1]), release: [key] };
        }),
        isVersionError,
        "a decision on an old version to be refused as VersionError",
      );
      expectSame(await ownerOf(key), bob, "who has it");
    },
  },
  {
    name: "reservations: a key that changes hands meanwhile is not given away",
    guarantee: 2,
    needs: ["transact", "records"],
    async run(subject) {
      const { counter, ada, bob, key, ownerOf } = prepare(subject);
      const elsewhere = createCounter(subject, {
        stream: counter.stream,
        provider: await subject.another(),
        retries: 3,
      });
      await counter.add(ada, 1, { reserve: [key] });
      // Between the look at whose it is and its removal others take it over,
      // where the database lets them.
      const looked = createGate();
      const others = looked.opened.then(async () => {
        await elsewhere.add(ada, 1, { release: [key] });
        await elsewhere.add(bob, 1, { reserve: [key] });
      });
      const { records } = subject;
      const slow: typeof records = {
        put: (...args) => records.put(...args),
        list: (...args) => records.list(...args),
        due: (...args) => records.due(...args),
        remove: (...args) => records.remove(...args),
        async get(...args) {
          const found = await records.get(...args);
          looked.open();
          await Promise.race([settle(others), sleep(MEANWHILE_MS)]);
          return found;
        },
      };
      const command = createCounter(subject, {
        stream: counter.stream,
        provider: { ...subject.provider, records: slow },
      });
      const { won } = await settle(command.add(ada, 1, { release: [key] }));
      await others;
      expectSame(await ownerOf(key), bob, "who has it");
      const stored = await subject.load(counter.stream, ada);
      expectSame(stored.length, won ? 3 : 2, "the number of events stored");
    },
  },
  {
    name: "reservations: keys that are long or look alike are kept apart",
    guarantee: 10,
    needs: ["transact", "records"],
    async run(subject) {
      const { counter, key, ownerOf } = prepare(subject);
      const long = "x".repeat(400);
      const keys = [
        `${key}`,
        `${key} `,
        `${key}.`,
        key.toUpperCase(),
        `${key}é`,
        `${key}e\u0301`,
        `${key}'; DROP TABLE events --`,
        `${key} ${long}`,
        `${key} ${long}y`,
        `sha256:${key}`,
      ];
      for (const [index, one] of keys.entries()) {
        await counter.add(`${key} ${index}`, 1, { reserve: [one] });
      }
      for (const [index, one] of keys.entries()) {
        expectSame(await ownerOf(one), `${key} ${index}`, `who has "${one}"`);
      }
    },
  },
  {
    name: "reservations: a repeated command is told so, whatever has changed",
    guarantee: 2,
    needs: ["transact", "records", "findCommand"],
    async run(subject) {
      const { counter, ada, bob, key, ownerOf } = prepare(subject);
      const options = {
        commandId: subject.unique("command"),
        reserve: [key],
      };
      const outcomes = await race(4, () => counter.add(ada, 5, options));
      const [failure] = errorsOf(outcomes);
      expect(
        failure === undefined,
        `Expected all copies to succeed: an error is ${describe(failure)}`,
      );
      await counter.add(ada, 1, { release: [key] });
      await counter.add(bob, 1, { reserve: [key] });
      const { total } = await counter.add(ada, 5, options);
      expectSame(total, 6, "the total that a repeat returns");
      expectSame(await ownerOf(key), bob, "who has it");
      await subject.expectStored(counter.stream, ada, added([5, 1]));
    },
  },
  ...(["transact", "records"] as const).map((member): Case => ({
    name: `reservations: a provider that has no "${member}" refuses them`,
    without: member,
    async run(subject) {
      // A provider that has nothing at all shows nothing by lacking this.
      await subject.positions(1);
      const counter = createCounter(subject);
      const id = subject.unique("id");
      for (const claims of [{ reserve: ["key"] }, { release: ["key"] }]) {
        await expectRefusal(
          counter.add(id, 1, claims),
          isStoreError("NOT_SUPPORTED"),
          `${Object.keys(claims)} to be refused as NOT_SUPPORTED`,
        );
      }
      expectSame(counter.calls(), 0, "the calls of the command handler");
      await subject.expectStored(counter.stream, id, []);
    },
  })),
];

/** Two aggregates of a counter, and a key that nobody has. */
function prepare(subject: Subject) {
  const ownerOf = async (key: string) =>
    (await findReservation(subject.provider, key))?.aggregateId;
  return {
    counter: createCounter(subject),
    ada: subject.unique("ada"),
    bob: subject.unique("bob"),
    key: subject.unique("email:"),
    ownerOf,
  };
}

function isTaken(
  error: unknown,
  key: string,
  stream: string,
  aggregateId: string,
): boolean {
  return error instanceof ReservationError &&
    error.code === "ALREADY_RESERVED" && error.key === key &&
    error.stream === stream && error.aggregateId === aggregateId;
}
