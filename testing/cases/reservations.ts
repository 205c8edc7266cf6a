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
import { errorsOf, race, settle } from "../outcome.ts";
import { isTaken, prepareReservation } from "../reservations.ts";

/** Keys that belong to one aggregate at a time. */
export const reservationCases: readonly Case[] = [
  {
    name: "reservations: a key belongs to one aggregate, until it is released",
    guarantee: 2,
    needs: ["transact", "records"],
    async run(subject) {
      const { counter, ada, bob, key, ownerOf } = prepareReservation(subject);
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
    name:
      "reservations: a refusal leaves nothing in a transaction that goes on",
    guarantee: 1,
    needs: ["transact", "records"],
    async run(subject) {
      const { counter, ada, bob, key, ownerOf } = prepareReservation(subject);
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
      const { counter, ada, key, ownerOf } = prepareReservation(subject);
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
    name: "reservations: keys that are long or look alike are kept apart",
    guarantee: 10,
    needs: ["transact", "records"],
    async run(subject) {
      const { counter, key, ownerOf } = prepareReservation(subject);
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
      const { counter, ada, bob, key, ownerOf } = prepareReservation(subject);
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
