import type { Case } from "../case.ts";
import {
  describe,
  expect,
  expectRefusal,
  expectSame,
  isDuplicateCommand,
  isVersionError,
} from "../expect.ts";
import { numbered } from "../numbered.ts";
import { errorsOf, race, valuesOf } from "../outcome.ts";

/** A command that carries an id is stored at most once. */
export const findCommandCases: readonly Case[] = [
  {
    name: "command ids: a stored command is found at its first version",
    needs: ["findCommand"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, numbered(2));
      await subject.append(stream, id, 3, numbered(3), { commandId: "a" });
      await subject.append(stream, id, 6, numbered(1), { commandId: "b" });
      expectSame(await subject.findCommand(stream, id, "a"), 3, "its version");
      expectSame(await subject.findCommand(stream, id, "b"), 6, "its version");
      const other = await subject.another();
      expectSame(
        await other.findCommand?.(stream, id, "a"),
        3,
        "its version as another provider finds it",
      );
    },
  },
  {
    name: "command ids: one that was never stored is not found",
    needs: ["findCommand"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      await subject.append(stream, id, 1, numbered(1), { commandId: "a" });
      const found = [
        await subject.findCommand(stream, id, "b"),
        await subject.findCommand(stream, subject.unique("id"), "a"),
        await subject.findCommand(subject.unique("stream"), id, "a"),
      ];
      expect(
        found.every((version) => version === undefined),
        `Expected commands that were not stored to be undefined: they are ${found}`,
      );
      expectSame(await subject.findCommand(stream, id, "a"), 1, "its version");
    },
  },
  {
    name:
      "command ids: a repeat is a duplicate, whatever version it decided on",
    guarantee: 2,
    needs: ["findCommand"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const commandId = subject.unique("command");
      await subject.append(stream, id, 1, numbered(2), { commandId });
      for (const version of [1, 3]) {
        await expectRefusal(
          subject.append(stream, id, version, [{ type: "Again" }], {
            commandId,
          }),
          isDuplicateCommand,
          `a repeat as version ${version} to be refused as DuplicateCommandError`,
        );
      }
      await subject.expectStored(stream, id, numbered(2));
      // The next command is none the worse for it.
      await subject.append(stream, id, 3, [{ type: "Next" }], {
        commandId: subject.unique("command"),
      });
      await subject.expectStored(stream, id, [
        ...numbered(2),
        { type: "Next" },
      ]);
    },
  },
  {
    name: "command ids: each aggregate has its own",
    needs: ["findCommand"],
    async run(subject) {
      const [a, b] = [subject.unique("a"), subject.unique("b")];
      const [id, otherId] = [subject.unique("id"), subject.unique("id")];
      const commandId = subject.unique("command");
      for (const [stream, aggregateId] of [[a, id], [a, otherId], [b, id]]) {
        await subject.append(stream!, aggregateId!, 1, numbered(1), {
          commandId,
        });
        await subject.expectStored(stream!, aggregateId!, numbered(1));
      }
    },
  },
  {
    name: "command ids: a refused command is not remembered",
    guarantee: 1,
    needs: ["findCommand"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const commandId = subject.unique("command");
      await subject.append(stream, id, 1, numbered(1));
      await expectRefusal(
        subject.append(stream, id, 1, [{ type: "Late" }], { commandId }),
        isVersionError,
        "a taken version to be refused as VersionError",
      );
      expectSame(
        await subject.findCommand(stream, id, commandId) ?? "none",
        "none",
        "the version of a command that was refused",
      );
      await subject.append(stream, id, 2, [{ type: "Good" }], { commandId });
      await subject.expectStored(stream, id, [
        ...numbered(1),
        { type: "Good" },
      ]);
    },
  },
  {
    name: "command ids: of eight copies sent at once one is stored",
    guarantee: 2,
    needs: ["findCommand"],
    async run(subject) {
      const [stream, id] = [subject.unique("stream"), subject.unique("id")];
      const commandId = subject.unique("command");
      const other = await subject.another();
      const outcomes = await race(8, async (racer) => {
        const provider = racer % 2 ? other : subject.provider;
        const events = [{ type: "Copied", racer }, { type: "Copied", racer }];
        await subject.append(stream, id, 1, events, { provider, commandId });
        return events;
      });
      const winners = valuesOf(outcomes);
      expect(
        winners.length === 1,
        `Expected one of 8 copies to be stored: ${winners.length} were`,
      );
      const stranger = errorsOf(outcomes).find((one) =>
        !isDuplicateCommand(one)
      );
      expect(
        stranger === undefined,
        `Expected the other copies to be told DuplicateCommandError: one was told ${
          describe(stranger)
        }`,
      );
      await subject.expectStored(stream, id, winners[0]!);
    },
  },
];
