import type { Case } from "../case.ts";
import { describe, expect, expectSame } from "../expect.ts";
import { upTo } from "../numbered.ts";
import { errorsOf, race, valuesOf } from "../outcome.ts";
import type { Subject } from "../subject.ts";

/** Small documents that change only by comparing their revision. */
export const recordCases: readonly Case[] = [
  {
    name: "records: one that was put is read back, and another is not there",
    needs: ["records"],
    async run(subject) {
      const [kind, key] = [subject.unique("kind"), subject.unique("key")];
      for (const value of [{ a: [1, null, "x"] }, null, false, 0, "", []]) {
        const { revision = 0 } = await subject.records.get(kind, key) ?? {};
        await expectPut(subject, kind, key, value, revision, true);
        await expectRecord(subject, kind, key, value, revision + 1);
      }
      for (const [otherKind, otherKey] of [[kind, "x"], ["x", key]]) {
        const other = await subject.records.get(otherKind!, otherKey!);
        expect(
          other === undefined,
          `Expected no record where none was put: it is ${
            JSON.stringify(other)
          }`,
        );
      }
    },
  },
  {
    name: "records: put with revision 0 creates, and never overwrites",
    guarantee: 6,
    needs: ["records"],
    async run(subject) {
      const [kind, key] = [subject.unique("kind"), subject.unique("key")];
      await expectPut(subject, kind, key, "first", 0, true);
      await expectPut(subject, kind, key, "second", 0, false);
      await expectRecord(subject, kind, key, "first", 1);
    },
  },
  {
    name: "records: put with another revision than it has changes nothing",
    guarantee: 6,
    needs: ["records"],
    async run(subject) {
      const [kind, key] = [subject.unique("kind"), subject.unique("key")];
      await expectPut(subject, kind, key, "none", 1, false);
      expect(
        await subject.records.get(kind, key) === undefined,
        "Expected put with revision 1 not to create a record: it did",
      );
      await expectPut(subject, kind, key, "first", 0, true);
      await expectPut(subject, kind, key, "second", 1, true);
      for (const revision of [0, 1, 3]) {
        await expectPut(subject, kind, key, "third", revision, false);
        await expectRecord(subject, kind, key, "second", 2);
      }
    },
  },
  {
    name: "records: one of eight racers creates, and one changes",
    guarantee: 6,
    needs: ["records"],
    async run(subject) {
      const [kind, key] = [subject.unique("kind"), subject.unique("key")];
      const other = (await subject.another()).records ?? subject.records;
      for (const revision of [0, 1, 2]) {
        const outcomes = await race(8, async (racer) => {
          const records = racer % 2 ? other : subject.records;
          return await records.put(kind, key, racer, { revision });
        });
        const winners = upTo(8)
          .filter((racer) => valuesOf(outcomes)[racer] === true);
        const [failure] = errorsOf(outcomes);
        expect(
          failure === undefined && winners.length === 1,
          `Expected one of 8 racers to put revision ${revision}: ${winners.length} did${
            failure ? `, an error is ${describe(failure)}` : ""
          }`,
        );
        await expectRecord(subject, kind, key, winners[0], revision + 1);
      }
    },
  },
  {
    name: "records: a counter of racers that try again is right",
    guarantee: 6,
    needs: ["records"],
    async run(subject) {
      const [kind, key] = [subject.unique("kind"), subject.unique("key")];
      await race(5, async () => {
        // A store where nobody ever wins must not keep the case for ever.
        for (let count = 0, tries = 0; count < 4 && tries < 500; tries++) {
          const { value = 0, revision = 0 } =
            await subject.records.get(kind, key) ?? {};
          if (await subject.records.put(kind, key, value + 1, { revision })) {
            count++;
          }
        }
      });
      await expectRecord(subject, kind, key, 20, 20);
    },
  },
  {
    name: "records: remove ends one, and says whether there was one",
    needs: ["records"],
    async run(subject) {
      const [kind, key] = [subject.unique("kind"), subject.unique("key")];
      const neighbour = subject.unique("key");
      await expectRemoved(subject, kind, key, false);
      await expectPut(subject, kind, neighbour, "stays", 0, true);
      await expectPut(subject, kind, key, "goes", 0, true);
      await expectRemoved(subject, kind, key, true);
      await expectRemoved(subject, kind, key, false);
      expect(
        await subject.records.get(kind, key) === undefined,
        "Expected a removed record to be gone: it is there",
      );
      await expectPut(subject, kind, key, "back", 0, true);
      await expectRecord(subject, kind, key, "back", 1);
      await expectRecord(subject, kind, neighbour, "stays", 1);
    },
  },
  {
    name: "records: remove with another revision than it has leaves it",
    guarantee: 6,
    needs: ["records"],
    async run(subject) {
      const [kind, key] = [subject.unique("kind"), subject.unique("key")];
      await expectPut(subject, kind, key, "first", 0, true);
      await expectPut(subject, kind, key, "second", 1, true);
      for (const revision of [1, 3]) {
        await expectRemoved(subject, kind, key, false, revision);
        await expectRecord(subject, kind, key, "second", 2);
      }
      await expectRemoved(subject, kind, key, true, 2);
      expect(
        await subject.records.get(kind, key) === undefined,
        "Expected a removed record to be gone: it is there",
      );
    },
  },
  {
    name: "records: a list has all of a kind in the order of their bytes",
    needs: ["records"],
    async run(subject) {
      const kind = subject.unique("kind");
      // In UTF-16 the emoji would come before the two that are last here.
      const ordered = [
        " ",
        "0",
        "10",
        "9",
        "A",
        "B",
        "a",
        "aa",
        "z",
        "é",
        "\uE000",
        "ｅ",
        "😀",
      ];
      for (const key of [...ordered].reverse()) {
        await expectPut(subject, kind, key, `of ${key}`, 0, true);
      }
      await expectPut(subject, subject.unique("kind"), "b", "other", 0, true);
      expectSame(
        await subject.records.list(kind),
        ordered.map((key) => ({ kind, key, value: `of ${key}`, revision: 1 })),
        "the list",
      );
    },
  },
  {
    name: "records: a list is read in pages",
    needs: ["records"],
    async run(subject) {
      const kind = subject.unique("kind");
      const keys = upTo(7).map((index) => `key ${index}`);
      for (const key of keys) await expectPut(subject, kind, key, 1, 0, true);
      for (const limit of [1, 3, 7, 100]) {
        const listed: string[] = [];
        while (listed.length < 7) {
          const after = listed.at(-1);
          const page = await subject.records.list(
            kind,
            after === undefined ? { limit } : { after, limit },
          );
          expect(
            page.length > 0 && page.length <= limit,
            `Expected a page of 1 to ${limit} records: it has ${page.length}`,
          );
          listed.push(...page.map((record) => record.key));
        }
        expectSame(listed, keys, `the list in pages of ${limit}`);
      }
      expectSame(
        await subject.records.list(kind, { after: "key 6" }),
        [],
        "the list behind its last key",
      );
    },
  },
];

async function expectPut(
  subject: Subject,
  kind: string,
  key: string,
  value: unknown,
  revision: number,
  expected: boolean,
): Promise<void> {
  const written = await subject.records.put(kind, key, value, { revision });
  expect(
    written === expected,
    `Expected put with revision ${revision} to say ${expected}: it says ${written}`,
  );
}

async function expectRecord(
  subject: Subject,
  kind: string,
  key: string,
  value: unknown,
  revision: number,
): Promise<void> {
  expectSame(
    await subject.records.get(kind, key),
    { kind, key, value, revision },
    "the record",
  );
}

async function expectRemoved(
  subject: Subject,
  kind: string,
  key: string,
  expected: boolean,
  revision?: number,
): Promise<void> {
  const removed = await subject.records.remove(
    kind,
    key,
    ...(revision === undefined ? [] : [{ revision }]),
  );
  expect(
    removed === expected,
    `Expected remove to say ${expected}: it says ${removed}`,
  );
}
