import type { Case } from "../case.ts";
import {
  describe,
  expect,
  expectRefusal,
  expectSame,
  expectSamePosition,
  isVersionError,
} from "../expect.ts";
import { numbered } from "../numbered.ts";
import { settle } from "../outcome.ts";
import { createGate, sleep, within } from "../time.ts";

/** What a transaction does is seen inside it, and outside not before it ends. */
export const transactIsolationCases: readonly Case[] = [
  {
    name: "isolation: reads inside a transaction see its own writes",
    guarantee: 5,
    needs: ["transact"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, [{ type: "Before" }]);
      const seen = await subject.transact(async (tx) => {
        const before = await subject.load(stream, id, tx);
        await subject.append(stream, id, 2, [{ type: "Inside" }], { tx });
        const after = await subject.load(stream, id, tx);
        const last = await subject.provider.getLastEventFor(stream, id, { tx });
        return [
          before.map((one) => one.event.type),
          after.map((one) => one.event.type),
          last?.event.type,
        ];
      });
      expectSame(
        seen,
        [["Before"], ["Before", "Inside"], "Inside"],
        "what the transaction reads",
      );
    },
  },
  {
    name: "isolation: records read inside a transaction are its own",
    guarantee: 5,
    needs: ["transact", "records"],
    async run(subject) {
      const kind = subject.unique("kind");
      const { records } = subject;
      const seen = await subject.transact(async (tx) => {
        await records.put(kind, "a", 1, { revision: 0, due: 1000, tx });
        await records.put(kind, "a", 2, { revision: 1, due: 2000, tx });
        return [
          (await records.get(kind, "a", { tx }))?.value,
          (await records.due(kind, 2000, { tx })).map((one) => one.revision),
        ];
      });
      expectSame(seen, [2, [2]], "what the transaction reads");
    },
  },
  {
    name: "isolation: nobody outside sees what is then rolled back",
    guarantee: 1,
    needs: ["transact"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const bookmark = subject.unique("bookmark");
      const [position] = await subject.positions(1);
      const start = await subject.start();
      const [written, mayEnd] = [createGate(), createGate()];
      const problem = new Error("the work's own error");
      const transaction = settle(subject.transact(async (tx) => {
        await subject.append(stream, id, 1, numbered(2), { tx });
        await subject.provider.setPosition(bookmark, position, { tx });
        written.open();
        await mayEnd.opened;
        throw problem;
      }));
      await Promise.race([written.opened, transaction]);
      // A database may let them wait for the transaction, or answer at once.
      const outside = Promise.all([
        subject.load(stream, id),
        subject.provider.getEventsFrom(stream, start),
        subject.provider.getLastEventFor(stream),
        subject.provider.getPosition(bookmark),
      ]);
      await Promise.race([settle(outside), sleep(50)]);
      mayEnd.open();
      const outcome = await transaction;
      expect(
        !outcome.won && outcome.error === problem,
        "Expected transact to reject with what its work throws: it did not",
      );
      const [events, log, last, place] = await outside;
      expectSame(
        [events, log, last ?? "none"],
        [[], [], "none"],
        "what others read meanwhile",
      );
      expectSamePosition(place, start, "the bookmark that others read");
    },
  },
  {
    name: "isolation: an append beside a transaction is not lost with it",
    guarantee: 1,
    needs: ["transact"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const [inside, mayEnd] = [createGate(), createGate()];
      const problem = new Error("the work's own error");
      const transaction = settle(subject.transact(async (tx) => {
        await subject.append(stream, subject.unique("id"), 1, numbered(1), {
          tx,
        });
        inside.open();
        await mayEnd.opened;
        throw problem;
      }));
      await Promise.race([inside.opened, transaction]);
      const beside = subject.append(stream, id, 1, [{ type: "Beside" }]);
      await Promise.race([settle(beside), sleep(50)]);
      mayEnd.open();
      await transaction;
      await beside;
      await subject.expectStored(stream, id, [{ type: "Beside" }]);
      const log = await subject.log(stream, 1);
      expectSame(log.map((one) => one.aggregateId), [id], "the log's ids");
    },
  },
  {
    name:
      "isolation: an append that forgets the transaction is refused or kept",
    guarantee: 1,
    needs: ["transact"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const problem = new Error("the work's own error");
      let forgot = await settle<unknown>(Promise.resolve());
      await expectRefusal(
        subject.transact(async () => {
          forgot = await settle(
            within(
              subject.append(stream, id, 1, [{ type: "Forgotten" }]),
              subject.patience * 4,
              "an append without tx to be refused or stored inside transact",
            ),
          );
          throw problem;
        }),
        (error) => error === problem,
        "transact to reject with what its work throws",
      );
      expect(
        forgot.won || !isVersionError(forgot.error),
        "Expected the append not to be refused as VersionError: it was",
      );
      await subject.expectStored(
        stream,
        id,
        forgot.won ? [{ type: "Forgotten" }] : [],
      );
      const { won } = await settle(
        subject.append(stream, id, forgot.won ? 2 : 1, [{ type: "Next" }]),
      );
      expect(won, "Expected the next append to be stored: it was refused");
      expect(
        (await subject.load(stream, id)).at(-1)?.event.type === "Next",
        "Expected the next append to be stored: it is not there",
      );
    },
  },
  {
    name: "isolation: an append in a transaction that has ended is not lost",
    guarantee: 1,
    needs: ["transact"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const [first, second] = [subject.unique("id"), subject.unique("id")];
      let left: unknown;
      await subject.transact(async (tx) => {
        left = tx;
        await subject.append(stream, first, 1, numbered(1), { tx });
      });
      const outcome = await settle(
        subject.append(stream, id, 1, [{ type: "TooLate" }], { tx: left }),
      );
      expect(
        outcome.won || !isVersionError(outcome.error),
        "Expected the append not to be refused as VersionError: it was",
      );
      // What comes next must not be swallowed by it either.
      await subject.append(stream, second, 1, numbered(1));
      await subject.expectStored(stream, first, numbered(1));
      await subject.expectStored(stream, second, numbered(1));
      await subject.expectStored(
        stream,
        id,
        outcome.won ? [{ type: "TooLate" }] : [],
      );
    },
  },
  {
    name: "isolation: a value that is no transaction is refused",
    guarantee: 9,
    needs: ["transact"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      for (const tx of [{}, 1, "tx"]) {
        const outcome = await settle(
          Promise.resolve().then(() =>
            subject.append(stream, id, 1, numbered(1), { tx })
          ),
        );
        expect(
          !outcome.won && !isVersionError(outcome.error),
          `Expected an append with ${
            JSON.stringify(tx)
          } as tx to be refused: it is ${
            outcome.won ? "accepted" : describe(outcome.error)
          }`,
        );
      }
      await subject.append(stream, id, 1, numbered(1));
      await subject.expectStored(stream, id, numbered(1));
    },
  },
];
