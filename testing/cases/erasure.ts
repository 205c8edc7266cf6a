import type { Case } from "../case.ts";
import { describe, expect, expectRefusal, expectSame } from "../expect.ts";
import { isStoreError } from "../expect.ts";
import { upTo } from "../numbered.ts";
import { errorsOf, race, settle } from "../outcome.ts";
import { createPeople, type People } from "../people.ts";
import type { Subject } from "../subject.ts";
import { createGate, sleep } from "../time.ts";

const forgotten = isStoreError("SUBJECT_FORGOTTEN");

/** Personal fields are nobody's to read once their subject is forgotten. */
export const erasureCases: readonly Case[] = [
  {
    name: "erasure: a personal field is never stored as plain text",
    guarantee: 10,
    needs: ["records"],
    async run(subject) {
      const people = createPeople(subject);
      const snapshot = { version: "1", every: 1, check: 1 };
      const { people: commands, domain } = people.open({ snapshot });
      const id = subject.unique("id");
      const email = `${subject.unique("secret")}@example.org`;
      const made = await commands.register(id, { email });
      expectSame(made.emails, [email], "the e-mail addresses");
      await domain.person.snapshots!.settled();
      const seen = await emailsOf(subject, people, { park: true });
      expectSame(seen, [email], "what a handler was given");
      for (const provider of [subject.provider, await subject.another()]) {
        const { domain } = people.open({ provider, snapshot });
        const { emails } = await domain.person.getAggregate(id);
        expectSame(emails, [email], "the e-mail addresses that are loaded");
        await domain.person.snapshots!.settled();
      }
      const stored = await people.dump();
      expect(stored.includes(id), "Expected to find the aggregate's id");
      expect(!stored.includes("secret"), "Expected not to find the address");
    },
  },
  {
    name: "erasure: a forgotten subject is unreadable for every process",
    guarantee: 10,
    needs: ["records"],
    async run(subject) {
      const people = createPeople(subject);
      const snapshot = { version: "1", every: 1, check: 0 };
      const told: string[] = [];
      const here = people.open({
        snapshot,
        onForget: (subject) => void told.push(subject),
      });
      const there = people.open({
        provider: await subject.another(),
        snapshot,
      });
      const [x, y] = [subject.unique("x"), subject.unique("y")];
      const [first, second] = [`${x}@example.org`, `${y}@example.org`];
      await here.people.register(x, { email: first });
      await here.people.register(y, { email: second });
      await here.domain.person.snapshots!.settled();
      for (const { domain } of [here, there]) {
        const { emails } = await domain.person.getAggregate(x);
        expectSame(emails, [first], "the addresses before");
      }
      await here.forget(x);
      expectSame(told, [x], "whom the hook was told of");
      for (const { domain, people: commands } of [here, there]) {
        const gone = await domain.person.getAggregate(x);
        expectSame(gone.emails, [null], "the addresses of the forgotten one");
        const other = await domain.person.getAggregate(y);
        expectSame(other.emails, [second], "the addresses of the other one");
        await expectRefusal(
          commands.register(x, { email: first }),
          forgotten,
          "a late append",
        );
      }
      await there.people.pay(x, { cents: 5 });
      const seen = await emailsOf(subject, people);
      expectSame(seen, [null, second], "what a handler is given");
      const read: unknown[] = [];
      for await (const { event } of there.readEvents([people.stream])) {
        if (event.type === "Registered") read.push(event.email);
      }
      expectSame(read, [null, second], "what readEvents gives");
    },
  },
  {
    name: "erasure: what is parked is replayed with the placeholder",
    guarantee: 10,
    needs: ["records"],
    async run(subject) {
      const people = createPeople(subject);
      const { people: commands, createHandler, forget } = people.open();
      const id = subject.unique("id");
      await commands.register(id, { email: "first@example.org" });
      await commands.register(id, { email: "second@example.org" });
      await subject.log(people.stream, 2);
      const handler = createHandler(subject.unique("bookmark"), [
        people.stream,
      ], { onFailure: "park", retry: { times: 0 } });
      let broken = true;
      const seen: unknown[] = [];
      handler.handle(people.stream, "Registered", (_id, { email }) => {
        if (broken) throw new Error("broken");
        seen.push(email);
      });
      await handler.runOnce();
      broken = false;
      await forget(id);
      const replayed = await handler.replay({ aggregateId: id });
      expectSame(replayed, 2, "the number of replayed events");
      expectSame(seen, [null, null], "what the callback was given");
    },
  },
  {
    name: "erasure: racers that make a key make the same one",
    guarantee: 2,
    needs: ["records"],
    async run(subject) {
      const people = createPeople(subject);
      const owner = subject.unique("owner");
      const another = await subject.another();
      const ids = upTo(8).map(() => subject.unique("id"));
      const outcomes = await race(8, async (racer) => {
        const provider = racer % 2 === 0 ? subject.provider : another;
        const { people: commands } = people.open({ provider, owner });
        await commands.register(ids[racer]!, { email: `${racer}@example.org` });
      });
      const [failure] = errorsOf(outcomes);
      expect(
        failure === undefined,
        `Expected all to be stored: an error is ${describe(failure)}`,
      );
      const { domain, forget } = people.open({ owner });
      for (const [racer, id] of ids.entries()) {
        const { emails } = await domain.person.getAggregate(id);
        expectSame(emails, [`${racer}@example.org`], "what each can read");
      }
      await forget(owner);
      for (const id of ids) {
        const { emails } = await domain.person.getAggregate(id);
        expectSame(emails, [null], "what is read of each then");
      }
    },
  },
  {
    name: "erasure: a writer beside it leaves nothing that can be read",
    guarantee: 10,
    needs: ["records"],
    async run(subject) {
      const people = createPeople(subject);
      const owner = subject.unique("owner");
      const provider = await subject.another();
      const writer = people.open({ provider, owner });
      const { forget, domain } = people.open({ owner });
      const ids: string[] = [];
      const begun = createGate();
      let isForgotten = false;
      const writing = (async () => {
        while (true) {
          const id = subject.unique("id");
          if (ids.push(id) === 4) begun.open();
          const after = isForgotten;
          const email = "late@example.org";
          const outcome = await settle(writer.people.register(id, { email }));
          if (outcome.won) {
            expect(!after, "Expected a refusal after forget()");
            // A provider that answers at once would leave no turn to others.
            await sleep(0);
            continue;
          }
          expect(
            forgotten(outcome.error),
            `Expected SUBJECT_FORGOTTEN: got ${describe(outcome.error)}`,
          );
          return;
        }
      })();
      // It fails beside this, too.
      const written = settle(writing);
      await Promise.race([begun.opened, written]);
      await forget(owner);
      isForgotten = true;
      await writing;
      for (const id of ids.slice(0, -1)) {
        const { emails } = await domain.person.getAggregate(id);
        expectSame(emails, [null], "what is read of what it has stored");
      }
    },
  },
  {
    name: "erasure: inside a transaction a key is made with it, or not",
    guarantee: 1,
    needs: ["records", "transact"],
    async run(subject) {
      const people = createPeople(subject);
      const { people: commands, domain, forget } = people.open();
      const id = subject.unique("id");
      const problem = new Error("the work's own error");
      const email = "ada@example.org";
      await expectRefusal(
        subject.transact(async (tx) => {
          await commands.register(id, { email }, { tx });
          const inside = await domain.person.getAggregate(id, { tx });
          expectSame(inside.emails, [email], "the addresses inside");
          throw problem;
        }),
        (error) => error === problem,
        "the transaction",
      );
      await subject.transact((tx) => commands.register(id, { email }, { tx }));
      const elsewhere = people.open({ provider: await subject.another() });
      const loaded = await elsewhere.domain.person.getAggregate(id);
      expectSame(loaded.emails, [email], "the addresses that are loaded");
      await forget(id);
      await expectRefusal(
        subject.transact((tx) => commands.register(id, { email }, { tx })),
        forgotten,
        "an append inside a transaction",
      );
      const gone = await elsewhere.domain.person.getAggregate(id);
      expectSame(gone.emails, [null], "the addresses then");
    },
  },
  {
    name: "erasure: what a crash left of forget is finished elsewhere",
    guarantee: 7,
    needs: ["records"],
    async run(subject) {
      const people = createPeople(subject);
      const id = subject.unique("id");
      const problem = new Error("crash");
      const first = people.open({
        onForget() {
          throw problem;
        },
      });
      await first.people.register(id, { email: "ada@example.org" });
      await expectRefusal(
        first.forget(id),
        (error) => error === problem,
        "a forget whose hook throws",
      );
      const told: string[] = [];
      const second = people.open({
        provider: await subject.another(),
        onForget: (subject) => void told.push(subject),
      });
      const { emails } = await second.domain.person.getAggregate(id);
      expectSame(emails, [null], "the addresses before it is finished");
      await second.finishForgetting();
      // Others of the suite may be unfinished, too.
      expectSame(told.filter((one) => one === id), [id], "who was told of");
      told.length = 0;
      await second.finishForgetting();
      expectSame(told.filter((one) => one === id), [], "who is told of again");
    },
  },
];

/** What a handler of a process of its own is given. */
async function emailsOf(
  subject: Subject,
  people: People,
  { park = false } = {},
): Promise<unknown[]> {
  const { createHandler } = people.open({ provider: await subject.another() });
  const handler = createHandler(
    subject.unique("bookmark"),
    [people.stream],
    park ? { onFailure: "park", retry: { times: 0 } } : {},
  );
  const seen: unknown[] = [];
  handler.handle(people.stream, "Registered", (_id, { email }) => {
    seen.push(email);
    // What is parked has the error, and no copy of the event.
    if (park) throw new Error("to be parked");
  });
  await handler.runOnce();
  return seen;
}
