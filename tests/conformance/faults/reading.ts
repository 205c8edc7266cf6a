import {
  type Fault,
  onAggregates,
  onAppends,
  onContent,
  onIds,
  onPages,
} from "./fault.ts";

/** Faults of what is read back. */
export const readingFaults: readonly Fault[] = [
  {
    fault: "drops the last event of every page",
    caughtBy: [
      "log: an event is read back as it was appended",
      "handlers: a started one handles what is appended later",
    ],
    plant: (good) => onPages(good, (page) => page.slice(0, -1)),
  },
  {
    fault: "skips an event in the middle of a page",
    caughtBy: [
      "log: the events of one commit stand in the order of their versions",
      "paging: a long log is read to its end",
      "handlers: every event is handled, once and in order",
    ],
    plant: (good) =>
      onPages(good, (page) => page.filter((_, index) => index !== 1)),
  },
  {
    fault: "shows every third commit later than those after it",
    caughtBy: [
      "log: a reader beside eight writers misses nothing",
      "handlers: one beside eight writers handles each event once",
    ],
    plant(good) {
      const hidden = new Set<number>();
      let commits = 0;
      return {
        async append(...append) {
          const stored = await good.append(...append);
          if (commits++ % 3 === 0) {
            for (const { position } of stored) {
              hidden.add(position);
              setTimeout(() => hidden.delete(position), 20);
            }
          }
          return stored;
        },
        ...onPages(
          good,
          (page) => page.filter((stored) => !hidden.has(stored.position)),
        ),
      };
    },
  },
  {
    fault: "gives the event at the position again",
    caughtBy: [
      "paging: reading goes on after any position",
      "bookmarks: reading goes on behind the event it was set to",
    ],
    plant: (good) => ({
      getEventsFrom: (stream, position, limit) =>
        good.getEventsFrom(stream, Math.max(0, position - 1), limit),
    }),
  },
  {
    fault: "ignores the limit of a page",
    caughtBy: ["paging: a page holds no more than its limit, and pages join"],
    plant: (good) => ({
      getEventsFrom: (stream, position) => good.getEventsFrom(stream, position),
    }),
  },
  {
    fault: "reads one stream after the other",
    caughtBy: [
      "log: several streams are read in one order",
      "handlers: several streams are handled in one order",
    ],
    plant: (good) => ({
      getEventsFrom: async (streams, position, limit) =>
        (await Promise.all(
          [streams].flat().map((stream) =>
            good.getEventsFrom(stream, position, limit)
          ),
        )).flat(),
    }),
  },
  {
    fault: "gives the events of all streams",
    caughtBy: ["log: only the streams that were asked for are read"],
    plant(good) {
      const streams = new Set<string>();
      return {
        append(stream, ...append) {
          streams.add(stream);
          return good.append(stream, ...append);
        },
        getEventsFrom: (_stream, ...read) =>
          good.getEventsFrom([...streams], ...read),
      };
    },
  },
  {
    fault: "gives the newest first",
    caughtBy: [
      "log: commits stand in the order in which they were made",
      "log: the events of one commit stand in the order of their versions",
    ],
    plant: (good) => onPages(good, (page) => [...page].reverse()),
  },
  {
    fault: "gives the objects that it keeps",
    caughtBy: ["log: what a reader changes in an event stays as it is stored"],
    plant(good) {
      const kept = new Map<unknown, unknown>();
      const share = (stored: any) => {
        if (!kept.has(stored.position)) {
          kept.set(stored.position, stored.event);
        }
        return { ...stored, event: kept.get(stored.position) };
      };
      return {
        ...onPages(good, (page) => page.map(share)),
        ...onAggregates(good, (events) => events.map(share)),
      };
    },
  },
  {
    fault: "loses the timestamp",
    caughtBy: ["log: an event is read back as it was appended"],
    plant: (good) =>
      onAppends(
        good,
        (events) =>
          events.map((stored) => ({ ...stored, timestamp: new Date(0) })),
      ),
  },
  {
    fault: "ignores the position that an aggregate is read from",
    caughtBy: [
      "paging: an aggregate's events are read on from any position",
      "paging: nothing follows the last event",
    ],
    plant: (good) => ({
      getEventsFor: (stream, id, _position, options) =>
        good.getEventsFor(stream, id, undefined, options),
    }),
  },
  {
    fault: "ignores the limit that an aggregate is read with",
    caughtBy: [
      "paging: an aggregate is read in pages of the limit asked for",
    ],
    plant: (good) => ({
      getEventsFor: (stream, id, position) =>
        good.getEventsFor(stream, id, position),
    }),
  },
  {
    fault: "drops the last event of an aggregate",
    caughtBy: [
      "commands: all events of one command are stored, and folded",
      "commands: a long aggregate is loaded to its end",
    ],
    plant: (good) => onAggregates(good, (events) => events.slice(0, -1)),
  },
  {
    fault: "returns another aggregate's last event",
    caughtBy: [
      "last event: that of an aggregate is its own, not a newer one's",
      "last event: there is none where nothing was stored",
      "commands: a persisted aggregate is right when others appended",
    ],
    plant: (good) => ({
      getLastEventFor: (stream, _id, options) =>
        good.getLastEventFor(stream, undefined, options),
    }),
  },
  {
    fault: "looks for the last event in the first stream only",
    caughtBy: ["last event: it is the newest of several streams"],
    plant: (good) => ({
      getLastEventFor: (stream, ...rest) =>
        good.getLastEventFor([stream].flat().at(-1)!, ...rest),
    }),
  },
  {
    fault: "says that it looked further than it did",
    caughtBy: [
      "scannedTo: it never passes an event that a full page left out",
    ],
    plant: (good) => ({
      async getEventsFrom(...read) {
        const page = await good.getEventsFrom(...read);
        page.scannedTo = (await good.horizon()).position;
        return page;
      },
    }),
  },
  {
    fault: "does not say how far it looked",
    caughtBy: [
      "scannedTo: a quiet stream is read on from behind the others' events",
    ],
    plant: (good) => onPages(good, (page) => [...page]),
  },
  {
    fault: "says that its safe end is further than it is",
    caughtBy: ["horizon: what is appended later is behind it"],
    plant: (good) => ({
      async horizon() {
        const { position } = await good.horizon();
        return { position: position + 1, blockedBy: [] };
      },
    }),
  },
  {
    fault: "does not tell A from a in an id",
    caughtBy: ["lookalikes: two ids that look alike are two aggregates"],
    plant: (good) => onIds(good, (id) => id.toLowerCase()),
  },
  {
    fault: "cuts an id after 255 characters",
    caughtBy: [
      "names: a hostile aggregate id is stored exactly or refused",
      "lookalikes: two ids that look alike are two aggregates",
    ],
    plant: (good) => onIds(good, (id) => id.slice(0, 255)),
  },
  {
    fault: "replaces lone surrogates in an id",
    caughtBy: ["names: a hostile aggregate id is stored exactly or refused"],
    plant: (good) => onIds(good, (id) => id.toWellFormed()),
  },
  {
    fault: "keeps numbers in four bytes",
    caughtBy: ["payloads: values of every type are stored exactly"],
    plant: (good) =>
      onContent(
        good,
        (event) =>
          JSON.parse(JSON.stringify(event, (_key, value) =>
            typeof value === "number" ? Math.fround(value) : value)),
      ),
  },
  {
    fault: "cuts texts at a NUL character",
    caughtBy: ["payloads: hostile texts are stored exactly or refused"],
    plant: (good) =>
      onContent(
        good,
        (event) =>
          JSON.parse(JSON.stringify(event, (_key, value) =>
            typeof value === "string" ? value.split("\0")[0] : value)),
      ),
  },
  {
    fault: "assigns the property __proto__",
    caughtBy: [
      "payloads: properties of every name are stored exactly or refused",
    ],
    plant: (good) =>
      onContent(good, (event) => {
        const copy: any = {};
        for (const [key, value] of Object.entries(event)) {
          // What `copy[key] = value` does, except on Deno.
          if (key === "__proto__") Object.setPrototypeOf(copy, value as any);
          else copy[key] = value;
        }
        return copy;
      }),
  },
  {
    fault: "loses metadata",
    caughtBy: [
      "metadata: it is stored with its event, however the event is read",
      "commands: metadata is stored with each event of the command",
    ],
    plant: (good) =>
      onAppends(
        good,
        (events) => events.map(({ metadata: _lost, ...stored }) => stored),
      ),
  },
  {
    fault: "stores the first event's metadata with all of them",
    caughtBy: [
      "metadata: each event has its own, and one without it has none",
    ],
    plant: (good) =>
      onAppends(good, (events) =>
        events.map((stored) => ({
          ...stored,
          ...(events[0]?.metadata ? { metadata: events[0].metadata } : {}),
        }))),
  },
];
