import { ReservationError } from "../../core/claim_errors.ts";
import type { Case } from "../case.ts";
import { added, createCounter } from "../counter.ts";
import {
  describe,
  expect,
  expectRefusal,
  expectSame,
  isVersionError,
} from "../expect.ts";
import { errorsOf, race, settle, valuesOf } from "../outcome.ts";
import { isTaken, prepareReservation } from "../reservations.ts";
import { createGate, MEANWHILE_MS, sleep } from "../time.ts";

/** Keys that several ask for at the same time. */
export const reservationRaceCases: readonly Case[] = [
  {
    name: "reservations: of racers for a key one has it, and its events",
    guarantee: 2,
    needs: ["transact", "records"],
    async run(subject) {
      const { counter, ownerOf } = prepareReservation(subject);
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
        const { counter, ada, bob, key, ownerOf } = prepareReservation(subject);
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
    name: "reservations: who decided on an old version gives nothing away",
    guarantee: 2,
    needs: ["transact", "records"],
    async run(subject) {
      const { counter, ada, bob, key, ownerOf } = prepareReservation(subject);
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
      const { counter, ada, bob, key, ownerOf } = prepareReservation(subject);
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
];
