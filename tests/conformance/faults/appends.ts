import { type StoreEvent, VersionError } from "evtstore";
import { type Fault, type Good, nextVersion } from "./fault.ts";

/** Faults of what is appended. */
export const appendFaults: readonly Fault[] = [
  {
    fault: "half-writes a command",
    caughtBy: [
      "atomicity: a commit of many events is stored whole",
      "commands: all events of one command are stored, and folded",
    ],
    plant: (good) => ({
      async append(stream, id, version, events, options) {
        await good.append(stream, id, version, events.slice(0, 1), options);
        return events;
      },
    }),
  },
  {
    fault: "stores a command's other events when the first is refused",
    caughtBy: ["atomicity: nothing of a refused commit is stored"],
    plant: (good) => ({
      async append(stream, id, version, events, options) {
        try {
          return await good.append(stream, id, version, events, options);
        } catch (error) {
          const next = await nextVersion(good, stream, id);
          const rest = events.filter((one) => one.version >= next);
          await good.append(stream, id, next, rest);
          throw error;
        }
      },
    }),
  },
  {
    fault: "stores the events before one that cannot be stored",
    caughtBy: [
      "atomicity: an event that cannot be stored takes its commit with it",
    ],
    plant: (good) => ({
      async append(stream, id, version, events, options) {
        for (const [index, event] of events.entries()) {
          await good.append(stream, id, version + index, [event], options);
        }
        return events;
      },
    }),
  },
  {
    fault: "lets two racers win",
    caughtBy: [
      "versions: one of eight racers founds an aggregate",
      "versions: one of eight racers goes on with an aggregate",
      "versions: a decision on an old version is refused, and not stored",
      "commands: of those that run at once each is stored or refused",
    ],
    plant: (good) => ({
      append: (stream, id, _version, events, options) =>
        appendAnyway(good, stream, id, events, options),
    }),
  },
  {
    fault: "tells the loser nothing",
    caughtBy: [
      "versions: one of eight racers founds an aggregate",
      "versions: a loser that read again is stored",
    ],
    plant: (good) => ({
      append: (stream, id, version, events, options) =>
        good.append(stream, id, version, events, options)
          .catch(() => events),
    }),
  },
  {
    fault: "tells the loser another error",
    caughtBy: [
      "versions: one of eight racers founds an aggregate",
      "commands: with retries all of those that run at once are stored",
    ],
    plant: (good) => ({
      append: (...append) =>
        good.append(...append).catch((error) => {
          throw error instanceof VersionError ? new Error("23505") : error;
        }),
    }),
  },
  {
    fault: "answers VersionError to every error",
    caughtBy: ["versions: what is no conflict is not called one"],
    plant: (good) => ({
      append: (...append) =>
        good.append(...append).catch((error) => {
          throw new VersionError(error.message);
        }),
    }),
  },
  {
    fault: "lets a version be left out",
    caughtBy: ["versions: an append beyond the next version is refused"],
    plant: (good) => ({
      async append(stream, id, version, events, options) {
        const next = await nextVersion(good, stream, id);
        return version <= next
          ? await good.append(stream, id, version, events, options)
          : await appendAnyway(good, stream, id, events, options);
      },
    }),
  },
];

/** Stores the events as the next versions, whatever they were decided on. */
async function appendAnyway(
  good: Good,
  stream: string,
  id: string,
  events: StoreEvent<any>[],
  options: Parameters<Good["append"]>[4],
): Promise<StoreEvent<any>[]> {
  while (true) {
    const next = await nextVersion(good, stream, id);
    const renumbered = events.map((stored, index) => ({
      ...stored,
      version: next + index,
    }));
    try {
      return await good.append(stream, id, next, renumbered, options);
    } catch (error) {
      if (!(error instanceof VersionError)) throw error;
    }
  }
}
