import { DuplicateCommandError, VersionError } from "evtstore";
import { type Fault, nextVersion } from "./fault.ts";

/** Faults of command ids. */
export const commandFaults: readonly Fault[] = [
  {
    fault: "does not find a stored command",
    caughtBy: [
      "command ids: a stored command is found at its first version",
      "repeated commands: a repeat stores nothing, and returns the aggregate",
    ],
    plant: () => ({ findCommand: async () => undefined }),
  },
  {
    fault: "finds a command at its last version",
    caughtBy: ["command ids: a stored command is found at its first version"],
    plant: (good) => ({
      async findCommand(stream, id, ...rest) {
        const found = await good.findCommand(stream, id, ...rest);
        return found && await nextVersion(good, stream, id) - 1;
      },
    }),
  },
  {
    fault: "finds a command in every aggregate",
    caughtBy: ["command ids: one that was never stored is not found"],
    plant: (good) => ({
      findCommand: async (_stream, _id, commandId) => {
        const last = await good.findCommand("commands", "all", commandId);
        return last ?? 1;
      },
    }),
  },
  {
    fault: "knows a command id in one aggregate only",
    caughtBy: ["command ids: each aggregate has its own"],
    plant(good) {
      const known = new Set<string>();
      return {
        append(stream, aggregateId, version, events, options) {
          const commandId = options?.commandId;
          if (commandId !== undefined) {
            if (known.has(commandId)) {
              return Promise.reject(
                new DuplicateCommandError({ stream, aggregateId, commandId }),
              );
            }
            known.add(commandId);
          }
          return good.append(stream, aggregateId, version, events, options);
        },
      };
    },
  },
  {
    fault: "stores a repeat",
    caughtBy: [
      "command ids: a repeat is a duplicate, whatever version it decided on",
    ],
    plant: (good) => ({
      append: (stream, id, version, events, { commandId: _, ...rest } = {}) =>
        good.append(stream, id, version, events, rest),
    }),
  },
  {
    fault: "calls a repeat a version conflict",
    caughtBy: [
      "command ids: a repeat is a duplicate, whatever version it decided on",
      "command ids: of eight copies sent at once one is stored",
    ],
    plant: (good) => ({
      append: (...append) =>
        good.append(...append).catch((error) => {
          throw error instanceof DuplicateCommandError
            ? new VersionError(error.message)
            : error;
        }),
    }),
  },
  {
    fault: "remembers a command that was refused",
    caughtBy: ["command ids: a refused command is not remembered"],
    plant(good) {
      const refused = new Set<string>();
      return {
        append: (stream, id, version, events, options) =>
          good.append(stream, id, version, events, options).catch((error) => {
            if (options?.commandId) refused.add(options.commandId);
            throw error;
          }),
        findCommand: async (stream, id, commandId, options) =>
          refused.has(commandId)
            ? 1
            : await good.findCommand(stream, id, commandId, options),
      };
    },
  },
];
