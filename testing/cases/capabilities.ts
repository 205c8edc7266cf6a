import type { Case } from "../case.ts";
import { expect } from "../expect.ts";
import type { Capability } from "../fixture.ts";

const members = [
  "watch",
  "transact",
  "records",
  "findCommand",
  "horizon",
  "hold",
  "catalog",
] as const satisfies readonly Capability[];

/** What a fixture does not declare, its provider does not half have. */
export const capabilityCases: readonly Case[] = [
  ...members.map((member): Case => ({
    name: `capabilities: "${member}" is not declared, and not there`,
    without: member,
    async run(subject) {
      // A provider that has nothing at all shows nothing by lacking this.
      await subject.positions(1);
      expect(
        subject.provider[member] === undefined,
        `The provider has ${member} but the fixture does not declare it: add "${member}" to the fixture's capabilities, so that it is tested`,
      );
    },
  })),
  {
    name: 'capabilities: "compareAndSet" is not declared, and not claimed',
    without: "compareAndSet",
    async run(subject) {
      const bookmark = subject.unique("bookmark");
      const [first, second] = await subject.positions(2);
      const answer = await subject.provider.setPosition(bookmark, first, {
        from: second,
      });
      expect(
        typeof answer !== "boolean",
        `setPosition with "from" says ${answer} but the fixture does not declare "compareAndSet": add it to the fixture's capabilities, so that it is tested`,
      );
      await subject.expectBookmarkAt(bookmark, first);
    },
  },
];
