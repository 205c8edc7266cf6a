import type { Case } from "../case.ts";
import { expect, expectRefusal, expectSame, isStoreError } from "../expect.ts";
import { createOrdering } from "../ordering.ts";
import type { Subject } from "../subject.ts";
import { eventually } from "../time.ts";

/** Process managers: what is decided is done once, and a timer fires once. */
export const processCases: readonly Case[] = [
  {
    name: "processes: each step is stored once, however often the events come",
    guarantee: 5,
    needs: ["records", "findCommand"],
    async run(subject) {
      const one = createOrdering(subject);
      const id = subject.unique("id");
      await one.place(id, 5);
      await one.runUntil(async () => (await one.contents(id)).own === 3);
      const expected = await one.contents(id);
      expectSame(
        expected,
        {
          order: ["Placed", "Reserved"],
          spent: 1,
          own: 3,
          timers: ["unpaid"],
        },
        "what is stored",
      );
      await one.rewind();
      const two = createOrdering(subject, {
        names: one.names,
        provider: await subject.another(),
      });
      await two.process.runOnce();
      expectSame(await two.contents(id), expected, "all after a second run");
    },
  },
  {
    name:
      "processes: what was decided before a crash is done, and not decided anew",
    guarantee: 5,
    needs: ["records", "findCommand"],
    async run(subject) {
      // It dies when its decision is stored, before the command is sent.
      const dying = createOrdering(subject, { failing: true });
      const id = subject.unique("id");
      await dying.place(id, 5);
      let problem: unknown;
      await dying.runUntil(async () => (await dying.contents(id)).own > 0)
        .catch((error) => problem = error);
      expect(
        problem instanceof Error && problem.message === "died",
        `Expected runOnce to throw what the command threw: it threw ${problem}`,
      );
      const next = createOrdering(subject, {
        names: dying.names,
        otherwise: true,
      });
      await next.runUntil(async () => (await next.eventsOf(id)).length > 1);
      expectSame(
        (await next.contents(id)).order,
        ["Placed", "Reserved"],
        "the order's events, as they were decided first",
      );
    },
  },
  {
    name: "processes: a refused command is told once, and stays refused",
    guarantee: 5,
    needs: ["records", "findCommand"],
    async run(subject) {
      const one = createOrdering(subject);
      const id = subject.unique("id");
      await one.place(id, 500);
      await one.runUntil(async () => (await one.eventsOf(id)).length > 1);
      const expected = await one.contents(id);
      expectSame(expected.order, ["Placed", "Cancelled"], "the order's events");
      await one.rewind();
      const generous = createOrdering(subject, {
        names: one.names,
        limit: 1000,
      });
      await generous.process.runOnce();
      expectSame(await generous.contents(id), expected, "all after that");
    },
  },
  {
    name:
      "processes: what came before one began is ignored, also a second time",
    guarantee: 5,
    needs: ["records", "findCommand"],
    async run(subject) {
      const one = createOrdering(subject);
      const id = subject.unique("id");
      await one.spend(id, 1);
      await subject.log(one.names.budget, 1);
      await one.process.runOnce();
      expectSame((await one.contents(id)).own, 0, "its own events");
      await one.place(id, 5);
      await one.runUntil(async () => (await one.contents(id)).own === 3);
      const expected = await one.contents(id);
      expectSame(expected.own, 3, "its own events once it has begun");
      await one.rewind();
      await createOrdering(subject, { names: one.names }).process.runOnce();
      expectSame(await one.contents(id), expected, "all after a second run");
    },
  },
  {
    name: "processes: a timer fires once over several, also after a restart",
    guarantee: 5,
    needs: ["records", "findCommand"],
    async run(subject) {
      const one = createOrdering(subject);
      const ids = [1, 2, 3].map(() => subject.unique("id"));
      const [, paid] = ids;
      for (const id of ids) await one.place(id, 5);
      const isReserved = async (id: string) =>
        (await one.contents(id)).own === 3;
      for (const id of ids) await one.runUntil(() => isReserved(id));
      await one.pay(paid!);
      await one.runUntil(async () => (await one.contents(paid!)).own === 4);
      const { timers } = await one.process.status();
      expectSame(timers.overdue, 0, "the number of timers that are due");
      const tomorrow = async () =>
        createOrdering(subject, {
          names: one.names,
          provider: await subject.another(),
          hours: 25,
        });
      const [two, three] = [await tomorrow(), await tomorrow()];
      expectSame(
        (await two.process.status()).timers.overdue,
        2,
        "the number of timers that are due a day later",
      );
      // Beside each other one may lose its bookmark, and nothing else.
      await Promise.allSettled([
        two.process.runOnce(),
        three.process.runOnce(),
      ]);
      await two.process.runOnce();
      for (const id of ids) {
        const { order, timers } = await two.contents(id);
        const last = id === paid ? "Paid" : "Expired";
        expectSame(order, ["Placed", "Reserved", last], "the order's events");
        expectSame(timers, [], "the timers that are left");
      }
      expectSame(
        (await two.process.status()).timers,
        { overdue: 0 },
        "the timers that are left over",
      );
    },
  },
  {
    name: "processes: a started one handles, waits and fires by itself",
    guarantee: 5,
    needs: ["records", "findCommand"],
    async run(subject) {
      const one = createOrdering(subject, { patience: "30ms" });
      const id = subject.unique("id");
      one.process.start();
      subject.cleanUp(() => one.process.stop());
      await one.place(id, 5);
      const order = await eventually(
        () => one.eventsOf(id),
        (events) => events.length >= 3,
        subject.patience,
      );
      expectSame(order, ["Placed", "Reserved", "Expired"], "its events");
    },
  },
  {
    name: "processes: refused where there are no records",
    without: "records",
    run: expectProcessRefusal,
  },
  {
    name: "processes: refused where no command is remembered",
    without: "findCommand",
    run: expectProcessRefusal,
  },
];

async function expectProcessRefusal(subject: Subject): Promise<void> {
  await expectRefusal(
    Promise.resolve().then(() => createOrdering(subject)),
    isStoreError("NOT_SUPPORTED"),
    "a process manager to be refused with NOT_SUPPORTED",
  );
}
