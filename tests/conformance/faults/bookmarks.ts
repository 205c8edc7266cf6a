import type { Fault } from "./fault.ts";

/** Faults of bookmarks. */
export const bookmarkFaults: readonly Fault[] = [
  {
    fault: "starts unknown bookmarks at the end",
    caughtBy: [
      "bookmarks: an unknown one stands at the start of the log",
      "paging: the start of the log is before its first event",
    ],
    plant: (good) => ({
      getPosition: async (bookmark) =>
        await good.getPosition(bookmark) || (await good.horizon()).position,
    }),
  },
  {
    fault: "keeps one place for all bookmarks",
    caughtBy: ["bookmarks: each stands where it was set itself"],
    plant: (good) => ({
      getPosition: () => good.getPosition("the one"),
      setPosition: (_bookmark, ...rest) => good.setPosition("the one", ...rest),
    }),
  },
  {
    fault: "never moves a bookmark that it has",
    caughtBy: [
      "bookmarks: one can be set again, also to an earlier place",
      "bookmarks: reading goes on behind the event it was set to",
    ],
    plant: (good) => ({
      async setPosition(bookmark, position, options) {
        if (await good.getPosition(bookmark) === 0) {
          await good.setPosition(bookmark, position);
        }
        if (options?.from !== undefined) return true;
      },
    }),
  },
  {
    fault: "keeps bookmarks in a plain object",
    caughtBy: ["names: a hostile bookmark is stored exactly or refused"],
    plant() {
      const bookmarks: any = {};
      return {
        getPosition: async (bookmark) => bookmarks[bookmark] ?? 0,
        setPosition: async (bookmark, position) => {
          // What the assignment does, except on Deno.
          if (bookmark !== "__proto__") bookmarks[bookmark] = position;
        },
      };
    },
  },
  {
    fault: "moves a bookmark back",
    caughtBy: [
      "compare and set: it does not move from where it does not stand",
      "compare and set: a paused handler moves it neither back nor past",
    ],
    plant: (good) => ({
      async setPosition(bookmark, position, options) {
        const moved = await good.setPosition(bookmark, position, options);
        if (moved === false) await good.setPosition(bookmark, position);
        return moved;
      },
    }),
  },
  {
    fault: "says that every compare and set has moved",
    caughtBy: [
      "compare and set: one of eight racers moves a new bookmark",
      "compare and set: one of eight racers moves a bookmark on",
      "compare and set: racers that read again move it once each",
    ],
    plant: (good) => ({
      async setPosition(bookmark, position, options) {
        const moved = await good.setPosition(bookmark, position, options);
        if (moved !== undefined) return true;
      },
    }),
  },
  {
    fault: "compares and then sets",
    caughtBy: [
      "compare and set: one of eight racers moves a new bookmark",
      "compare and set: one of eight racers moves a bookmark on",
    ],
    plant: (good) => ({
      async setPosition(bookmark, position, { from } = {}) {
        const stands = await good.getPosition(bookmark);
        if (from !== undefined && stands !== from) return false;
        await good.setPosition(bookmark, position);
        if (from !== undefined) return true;
      },
    }),
  },
];
