import type { Case } from "../case.ts";
import { describe, expect } from "../expect.ts";
import { upTo } from "../numbered.ts";
import { errorsOf, race, valuesOf } from "../outcome.ts";
import type { Subject } from "../subject.ts";

/** A bookmark that moves only from where its mover thinks it stands. */
export const compareAndSetCases: readonly Case[] = [
  {
    name: "compare and set: a bookmark moves from where it stands",
    guarantee: 6,
    needs: ["compareAndSet"],
    async run(subject) {
      const bookmark = subject.unique("bookmark");
      let from = await subject.start();
      for (const position of await subject.positions(3)) {
        await expectMove(subject, bookmark, from, position, true);
        await subject.expectBookmarkAt(bookmark, position);
        from = await subject.provider.getPosition(bookmark);
      }
    },
  },
  {
    name: "compare and set: it does not move from where it does not stand",
    guarantee: 6,
    needs: ["compareAndSet"],
    async run(subject) {
      const bookmark = subject.unique("bookmark");
      const [first, second, third] = await subject.positions(3);
      const start = await subject.start();
      await expectMove(subject, bookmark, first, second, false);
      await subject.expectBookmarkAt(bookmark, start);
      await expectMove(subject, bookmark, start, second, true);
      for (const from of [start, first, third]) {
        await expectMove(subject, bookmark, from, third, false);
        await subject.expectBookmarkAt(bookmark, second);
      }
    },
  },
  {
    name: "compare and set: a paused handler moves it neither back nor past",
    guarantee: 6,
    needs: ["compareAndSet"],
    async run(subject) {
      const bookmark = subject.unique("bookmark");
      const [first, second, third, fourth] = await subject.positions(4);
      await subject.provider.setPosition(bookmark, first);
      const paused = await subject.provider.getPosition(bookmark);
      // Another one takes over and goes on.
      const other = await subject.another();
      await expectMove(subject, bookmark, paused, second, true);
      expect(
        await other.setPosition(bookmark, third, { from: second }) === true,
        "Expected the one that took over to move the bookmark: it did not",
      );
      await expectMove(subject, bookmark, paused, second, false);
      await expectMove(subject, bookmark, paused, fourth, false);
      await subject.expectBookmarkAt(bookmark, third);
    },
  },
  {
    name: "compare and set: one of eight racers moves a new bookmark",
    guarantee: 6,
    needs: ["compareAndSet"],
    run: (subject) => expectOneMover(subject, false),
  },
  {
    name: "compare and set: one of eight racers moves a bookmark on",
    guarantee: 6,
    needs: ["compareAndSet"],
    run: (subject) => expectOneMover(subject, true),
  },
  {
    name: "compare and set: racers that read again move it once each",
    guarantee: 6,
    needs: ["compareAndSet"],
    async run(subject) {
      const bookmark = subject.unique("bookmark");
      const positions = await subject.positions(12);
      const order = [await subject.start(), ...positions];
      let moves = 0;
      const outcomes = await race(4, async () => {
        for (const [index, position] of positions.entries()) {
          const from = order[index];
          const moved = await subject.provider.setPosition(
            bookmark,
            position,
            { from },
          );
          if (moved === true) moves++;
        }
      });
      const [failure] = errorsOf(outcomes);
      expect(
        failure === undefined,
        `Expected losers to be told false: an error is ${describe(failure)}`,
      );
      expect(
        moves === positions.length,
        `Expected the bookmark to move ${positions.length} times: it did ${moves} times`,
      );
      await subject.expectBookmarkAt(bookmark, positions.at(-1));
    },
  },
];

async function expectMove(
  subject: Subject,
  bookmark: string,
  from: any,
  position: any,
  expected: boolean,
): Promise<void> {
  const moved = await subject.provider.setPosition(bookmark, position, {
    from,
  });
  expect(
    moved === expected,
    `Expected setPosition with "from" to say ${expected}: it says ${moved}`,
  );
}

async function expectOneMover(
  subject: Subject,
  standsAlready: boolean,
): Promise<void> {
  const bookmark = subject.unique("bookmark");
  const [first, ...targets] = await subject.positions(9);
  const other = await subject.another();
  let from = await subject.start();
  if (standsAlready) {
    await subject.provider.setPosition(bookmark, first);
    from = first;
  }
  const outcomes = await race(8, async (racer) => {
    const provider = racer % 2 ? other : subject.provider;
    return await provider.setPosition(bookmark, targets[racer], { from });
  });
  const [failure] = errorsOf(outcomes);
  expect(
    failure === undefined,
    `Expected losers to be told false: an error is ${describe(failure)}`,
  );
  const moved = valuesOf(outcomes);
  const winners = upTo(8).filter((racer) => moved[racer] === true);
  expect(
    winners.length === 1,
    `Expected one of 8 racers to move the bookmark: ${winners.length} did`,
  );
  await subject.expectBookmarkAt(bookmark, targets[winners[0]!]);
}
