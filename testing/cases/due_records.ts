import type { Case } from "../case.ts";
import { expect, expectSame } from "../expect.ts";
import type { Subject } from "../subject.ts";

/** Records that are timers. */
export const dueRecordCases: readonly Case[] = [
  {
    name: "due records: those due by then are found, the earliest first",
    needs: ["records"],
    async run(subject) {
      const kind = subject.unique("kind");
      const dues = { later: 3000, never: undefined, now: 2000, early: 1000 };
      for (const [key, due] of Object.entries(dues)) {
        await put(subject, kind, key, 0, due);
      }
      await put(subject, subject.unique("kind"), "other", 0, 1000);
      await expectDue(subject, kind, 999, []);
      await expectDue(subject, kind, 1000, ["early"]);
      await expectDue(subject, kind, 2999, ["early", "now"]);
      await expectDue(subject, kind, 9000, ["early", "now", "later"]);
      expectSame(
        await subject.records.get(kind, "now"),
        { kind, key: "now", value: "now", revision: 1, due: 2000 },
        "the record",
      );
      const never = await subject.records.get(kind, "never");
      expect(
        never !== undefined && never.due === undefined,
        "Expected a record that was put without due to have none: it has one",
      );
    },
  },
  {
    name: "due records: a time as large as today's is kept exactly",
    needs: ["records"],
    async run(subject) {
      const kind = subject.unique("kind");
      const due = Date.UTC(2026, 10, 23, 12, 34, 56, 789);
      await put(subject, kind, "exact", 0, due);
      await expectDue(subject, kind, due - 1, []);
      await expectDue(subject, kind, due, ["exact"]);
      const record = await subject.records.get(kind, "exact");
      expectSame(record?.due, due, "the time it is due");
    },
  },
  {
    name: "due records: the limit leaves the later ones out",
    needs: ["records"],
    async run(subject) {
      const kind = subject.unique("kind");
      for (const [index, key] of ["d", "c", "b", "a"].entries()) {
        await put(subject, kind, key, 0, 1000 + index);
      }
      await expectDue(subject, kind, 5000, ["d", "c"], 2);
      await expectDue(subject, kind, 5000, ["d", "c", "b", "a"], 9);
    },
  },
  {
    name: "due records: the next put says anew when it is due",
    needs: ["records"],
    async run(subject) {
      const kind = subject.unique("kind");
      await put(subject, kind, "timer", 0, 1000);
      await put(subject, kind, "timer", 1, 7000);
      await expectDue(subject, kind, 6999, []);
      await expectDue(subject, kind, 7000, ["timer"]);
      await put(subject, kind, "timer", 2, undefined);
      await expectDue(subject, kind, 9000, []);
      await put(subject, kind, "timer", 3, 2000);
      await expectDue(subject, kind, 9000, ["timer"]);
      await subject.records.remove(kind, "timer");
      await expectDue(subject, kind, 9000, []);
    },
  },
];

async function put(
  subject: Subject,
  kind: string,
  key: string,
  revision: number,
  due: number | undefined,
): Promise<void> {
  const written = await subject.records.put(
    kind,
    key,
    key,
    due === undefined ? { revision } : { revision, due },
  );
  expect(written === true, `Expected put to say true: it says ${written}`);
}

async function expectDue(
  subject: Subject,
  kind: string,
  until: number,
  keys: string[],
  limit?: number,
): Promise<void> {
  const due = await subject.records.due(
    kind,
    until,
    ...(limit === undefined ? [] : [{ limit }]),
  );
  expectSame(due.map((record) => record.key), keys, `what is due at ${until}`);
}
