import type { Case } from "../case.ts";
import {
  describe,
  expect,
  expectRefusal,
  expectSame,
  isVersionError,
} from "../expect.ts";
import { numbered } from "../numbered.ts";
import { race, settle, valuesOf } from "../outcome.ts";
import type { Subject } from "../subject.ts";

/** A transaction commits all of its writes, or none. */
export const transactCases: readonly Case[] = [
  {
    name: "transact: all writes of a transaction are committed together",
    guarantee: 5,
    needs: ["transact"],
    async run(subject) {
      const writes = await prepare(subject);
      const answer = await subject.transact(async (tx) => {
        await writes.write(tx);
        return "the answer";
      });
      expect(
        answer === "the answer",
        `Expected transact to return what its work returns: it is ${answer}`,
      );
      await writes.expectDone(true);
    },
  },
  {
    name: "transact: no write of a transaction that throws is kept",
    guarantee: 5,
    needs: ["transact"],
    async run(subject) {
      const writes = await prepare(subject);
      const problem = new Error("the work's own error");
      await expectRefusal(
        subject.transact(async (tx) => {
          await writes.write(tx);
          throw problem;
        }),
        (error) => error === problem,
        "transact to reject with what its work throws",
      );
      await writes.expectDone(false);
      // The store is none the worse for it.
      await subject.transact((tx) => writes.write(tx));
      await writes.expectDone(true);
    },
  },
  {
    name: "transact: it resolves only if everything was committed",
    guarantee: 5,
    needs: ["transact"],
    async run(subject) {
      const writes = await prepare(subject);
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, numbered(1));
      const outcome = await settle(subject.transact(async (tx) => {
        await writes.write(tx);
        // Swallowed, as a careless handler does: some databases now can only
        // roll back, and some drivers do not say so.
        await settle(subject.append(stream, id, 1, numbered(1), { tx }));
        return "done";
      }));
      await writes.expectDone(outcome.won);
      expect(
        !outcome.won || outcome.value === "done",
        "Expected transact to run its work: it did not",
      );
      await subject.expectStored(stream, id, numbered(1));
    },
  },
  {
    name: "transact: a decision on an old version is refused inside one too",
    guarantee: 2,
    needs: ["transact"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, numbered(2));
      await expectRefusal(
        subject.transact((tx) =>
          subject.append(stream, id, 2, [{ type: "Late" }], { tx })
        ),
        isVersionError,
        "a taken version to be refused as VersionError",
      );
      await subject.expectStored(stream, id, numbered(2));
    },
  },
  {
    name: "transact: an aggregate can be appended to twice in one",
    guarantee: 1,
    needs: ["transact"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.transact(async (tx) => {
        await subject.append(stream, id, 1, [{ type: "First" }], { tx });
        await subject.append(stream, id, 2, [{ type: "Second" }], { tx });
      });
      await subject.expectStored(stream, id, [
        { type: "First" },
        { type: "Second" },
      ]);
      const log = await subject.log(stream, 2);
      expectSame(log.map((one) => one.version), [1, 2], "the log's versions");
    },
  },
  {
    name: "transact: transactions that run at once are all committed",
    guarantee: 5,
    needs: ["transact"],
    async run(subject) {
      const all = await Promise.all(
        Array.from({ length: 6 }, () => prepare(subject)),
      );
      const outcomes = await race(
        6,
        (racer) => subject.transact((tx) => all[racer]!.write(tx)),
      );
      const failed = outcomes.find((outcome) => !outcome.won);
      expect(
        failed === undefined,
        `Expected all transactions to be committed: an error is ${
          describe(failed && !failed.won && failed.error)
        }`,
      );
      for (const writes of all) await writes.expectDone(true);
    },
  },
  {
    name: "transact: of racers that move one bookmark first, one commits",
    guarantee: 6,
    needs: ["transact", "compareAndSet"],
    async run(subject) {
      const bookmark = subject.unique("bookmark");
      const [first] = await subject.positions(1);
      const from = await subject.start();
      const lost = new Error("the bookmark had moved");
      const { scratch } = subject;
      const outcomes = await race(5, (racer) =>
        subject.transact(async (tx) => {
          const moved = await subject.provider.setPosition(bookmark, first, {
            from,
            tx,
          });
          if (moved !== true) throw lost;
          await scratch.write(tx, `${bookmark} ${racer}`, "won");
          return racer;
        }));
      const winners = valuesOf(outcomes);
      expect(
        winners.length === 1,
        `Expected one of 5 transactions to commit: ${winners.length} did`,
      );
      for (const racer of [0, 1, 2, 3, 4]) {
        const written = await scratch.read(`${bookmark} ${racer}`);
        expect(
          (written === "won") === (racer === winners[0]),
          `Expected the winner's write alone to be kept: racer ${racer} has ${written}`,
        );
      }
      await subject.expectBookmarkAt(bookmark, first);
    },
  },
  {
    name: "transact: a bookmark is compared inside one too",
    guarantee: 6,
    needs: ["transact", "compareAndSet"],
    async run(subject) {
      const bookmark = subject.unique("bookmark");
      const [first, second, third] = await subject.positions(3);
      await subject.provider.setPosition(bookmark, second);
      const moves: unknown[] = [];
      await subject.transact(async (tx) => {
        for (const from of [first, second]) {
          moves.push(
            await subject.provider.setPosition(bookmark, third, { from, tx }),
          );
        }
      });
      expectSame(moves, [false, true], "what setPosition says");
      await subject.expectBookmarkAt(bookmark, third);
    },
  },
  {
    name: "transact: records are written and removed with it, or not",
    guarantee: 5,
    needs: ["transact", "records"],
    async run(subject) {
      const kind = subject.unique("kind");
      const { records } = subject;
      await records.put(kind, "goes", "before", { revision: 0 });
      const change = async (tx: unknown) => {
        const made = await records.put(kind, "new", "after", {
          revision: 0,
          tx,
        });
        const gone = await records.remove(kind, "goes", { tx });
        const inside = await records.list(kind, { tx });
        return [made, gone, inside.map((record) => record.key)];
      };
      const problem = new Error("the work's own error");
      await expectRefusal(
        subject.transact(async (tx) => {
          await change(tx);
          throw problem;
        }),
        (error) => error === problem,
        "transact to reject with what its work throws",
      );
      expectSame(
        (await records.list(kind)).map((record) => record.key),
        ["goes"],
        "the records after a rollback",
      );
      expectSame(
        await subject.transact(change),
        [true, true, ["new"]],
        "what the transaction sees",
      );
      expectSame(
        (await records.list(kind)).map((record) => record.key),
        ["new"],
        "the records after the commit",
      );
    },
  },
  {
    name: "transact: a command id is remembered with it, or not",
    guarantee: 5,
    needs: ["transact", "findCommand"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const commandId = subject.unique("command");
      const send = async (tx: unknown) => {
        await subject.append(stream, id, 1, numbered(1), { tx, commandId });
        return await subject.findCommand(stream, id, commandId, { tx });
      };
      const problem = new Error("the work's own error");
      await expectRefusal(
        subject.transact(async (tx) => {
          await send(tx);
          throw problem;
        }),
        (error) => error === problem,
        "transact to reject with what its work throws",
      );
      expect(
        await subject.findCommand(stream, id, commandId) === undefined,
        "Expected a command that was rolled back not to be remembered: it is",
      );
      expectSame(await subject.transact(send), 1, "the version inside");
      expectSame(
        await subject.findCommand(stream, id, commandId),
        1,
        "the version after the commit",
      );
    },
  },
];

/** One write of each kind that a transactional handler makes. */
type Writes = {
  write(tx: unknown): Promise<void>;
  expectDone(done: boolean): Promise<void>;
};

async function prepare(subject: Subject): Promise<Writes> {
  const [stream, id] = [subject.unique("stream"), subject.unique("id")];
  const [bookmark, key] = [subject.unique("bookmark"), subject.unique("key")];
  const [position] = await subject.positions(1);
  const start = await subject.start();
  const { scratch } = subject;
  return {
    async write(tx) {
      await subject.provider.setPosition(bookmark, position, { tx });
      await subject.append(stream, id, 1, numbered(2), { tx });
      await scratch.write(tx, key, "written");
    },
    async expectDone(done) {
      await subject.expectStored(stream, id, done ? numbered(2) : []);
      await subject.expectBookmarkAt(bookmark, done ? position : start);
      const value = await scratch.read(key);
      expect(
        value === (done ? "written" : undefined),
        `Expected the application's own write to be ${
          done ? "kept" : "rolled back"
        } with the rest: it is ${value}`,
      );
      const log = await subject.log(stream, done ? 2 : 0);
      expectSame(log.length, done ? 2 : 0, "the number of events in the log");
    },
  };
}
