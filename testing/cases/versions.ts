import type { Case } from "../case.ts";
import {
  describe,
  expect,
  expectRefusal,
  expectSame,
  isVersionError,
} from "../expect.ts";
import { numbered, upTo } from "../numbered.ts";
import { errorsOf, type Outcome, race, settle, valuesOf } from "../outcome.ts";
import type { Subject, TestEvent } from "../subject.ts";

/** Of two commands that decided on the same version, one is stored. */
export const versionCases: readonly Case[] = [
  {
    name: "versions: one of eight racers founds an aggregate",
    guarantee: 2,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const outcomes = await raceAppends(subject, stream, id, 1, 1);
      const winner = expectOneWinner(outcomes);
      await subject.expectStored(stream, id, eventsOf(winner, 1));
    },
  },
  {
    name: "versions: one of eight racers goes on with an aggregate",
    guarantee: 2,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, numbered(3));
      const outcomes = await raceAppends(subject, stream, id, 4, 1);
      const winner = expectOneWinner(outcomes);
      await subject.expectStored(stream, id, [
        ...numbered(3),
        ...eventsOf(winner, 1),
      ]);
    },
  },
  {
    name: "versions: the events of eight racers with several each do not mix",
    guarantee: 2,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const outcomes = await raceAppends(subject, stream, id, 1, 4);
      const winner = expectOneWinner(outcomes);
      await subject.expectStored(stream, id, eventsOf(winner, 4));
    },
  },
  {
    name: "versions: racers that try again end contiguous from 1",
    guarantee: 2,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const other = await subject.another();
      const [racers, commits] = [6, 4];
      const outcomes = await race(racers, async (racer) => {
        const provider = racer % 2 ? other : subject.provider;
        // A store where nobody ever wins must not keep the case for ever.
        for (
          let stored = 0, tries = 0;
          stored < commits && tries < 500;
          tries++
        ) {
          const last = await provider.getLastEventFor(stream, id);
          const version = (last?.version ?? 0) + 1;
          const event = { type: "Raced", racer, stored };
          const outcome = await settle(
            subject.append(stream, id, version, [event], { provider }),
          );
          if (outcome.won) stored++;
          else if (!isVersionError(outcome.error)) throw outcome.error;
        }
      });
      const [failure] = errorsOf(outcomes);
      expect(
        failure === undefined,
        `Expected losers to be told VersionError: one was told ${
          describe(failure)
        }`,
      );
      const events = await subject.load(stream, id);
      expectSame(
        events.map((one) => one.version),
        upTo(racers * commits).map((index) => index + 1),
        "the versions",
      );
      const winners = new Set(
        events.map(({ event }) => `${event.racer} ${event.stored}`),
      );
      expect(
        winners.size === racers * commits,
        `Expected an event of each of ${
          racers * commits
        } winners: there are ${winners.size}`,
      );
    },
  },
  {
    name: "versions: a decision on an old version is refused, and not stored",
    guarantee: 2,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, numbered(3));
      for (const version of [1, 2, 3]) {
        await expectRefusal(
          subject.append(stream, id, version, [{ type: "Late" }]),
          isVersionError,
          `version ${version} of an aggregate at version 3 to be refused as VersionError`,
        );
      }
      await subject.expectStored(stream, id, numbered(3));
    },
  },
  {
    name: "versions: a loser that read again is stored",
    guarantee: 2,
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, [{ type: "First" }]);
      await expectRefusal(
        subject.append(stream, id, 1, [{ type: "Second" }]),
        isVersionError,
        "a taken version to be refused as VersionError",
      );
      await subject.append(stream, id, 2, [{ type: "Second" }]);
      await subject.expectStored(stream, id, [
        { type: "First" },
        { type: "Second" },
      ]);
    },
  },
  {
    name: "versions: writers of different aggregates are no conflict",
    guarantee: 2,
    async run(subject) {
      const streams = [subject.unique("a"), subject.unique("b")];
      const ids = upTo(6).map(() => subject.unique("id"));
      const outcomes = await race(
        12,
        (writer) =>
          subject.append(streams[writer % 2]!, ids[writer >> 1]!, 1, [
            { type: "Numbered", number: writer },
          ]),
      );
      const [failure] = errorsOf(outcomes);
      expect(
        failure === undefined,
        `Expected every aggregate to be stored: an error is ${
          describe(failure)
        }`,
      );
      for (const [writer] of outcomes.entries()) {
        await subject.expectStored(streams[writer % 2]!, ids[writer >> 1]!, [
          { type: "Numbered", number: writer },
        ]);
      }
    },
  },
  {
    name: "versions: what is no conflict is not called one",
    guarantee: 2,
    async run(subject) {
      const stream = subject.unique("stream");
      const cycle: TestEvent = { type: "Cycle" };
      cycle.self = cycle;
      const refused: unknown[] = [
        cycle,
        { type: "Big", value: 1n },
        { name: "no type" },
        null,
        "text",
      ];
      for (const event of refused) {
        const id = subject.unique("id");
        const outcome = await settle(
          // Whatever happens in it, the call must end as a promise does.
          Promise.resolve().then(() =>
            subject.append(stream, id, 1, [event as TestEvent])
          ),
        );
        expect(
          outcome.won || !isVersionError(outcome.error),
          "Expected what cannot be stored to keep its own error: it is a VersionError",
        );
      }
      const id = subject.unique("id");
      await subject.append(stream, id, 1, numbered(1));
      await subject.expectStored(stream, id, numbered(1));
    },
  },
  {
    name: "versions: an append beyond the next version is refused",
    guarantee: 2,
    needs: ["refusesGaps"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      for (const version of [2, 7]) {
        await expectRefusal(
          subject.append(stream, id, version, [{ type: "Early" }]),
          isVersionError,
          `version ${version} of a new aggregate to be refused as VersionError`,
        );
      }
      await subject.append(stream, id, 1, numbered(2));
      await expectRefusal(
        subject.append(stream, id, 4, [{ type: "Early" }]),
        isVersionError,
        "version 4 of an aggregate at version 2 to be refused as VersionError",
      );
      await subject.expectStored(stream, id, numbered(2));
    },
  },
];

async function raceAppends(
  subject: Subject,
  stream: string,
  id: string,
  version: number,
  count: number,
): Promise<Outcome<number>[]> {
  const other = await subject.another();
  return await race(8, async (racer) => {
    const provider = racer % 2 ? other : subject.provider;
    const events = eventsOf(racer, count);
    await subject.append(stream, id, version, events, { provider });
    return racer;
  });
}

function eventsOf(racer: number, count: number): TestEvent[] {
  return upTo(count).map((number) => ({ type: "Raced", racer, number }));
}

function expectOneWinner(outcomes: Outcome<number>[]): number {
  const winners = valuesOf(outcomes);
  expect(
    winners.length === 1,
    `Expected one of ${outcomes.length} racers to be stored: ${winners.length} were`,
  );
  const stranger = errorsOf(outcomes).find((error) => !isVersionError(error));
  expect(
    stranger === undefined,
    `Expected the losers to be told VersionError: one was told ${
      describe(stranger)
    }`,
  );
  return winners[0]!;
}
