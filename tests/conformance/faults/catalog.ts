import type { Catalog } from "evtstore";
import type { Fault, Good } from "./fault.ts";

/** Faults of the catalog. */
export const catalogFaults: readonly Fault[] = [
  {
    fault: "lists streams in the order of UTF-16",
    caughtBy: [
      "catalog: streams are listed once each, in the order of their bytes",
    ],
    plant: (good) =>
      onCatalog(good, {
        streams: async () => (await good.catalog.streams()).toSorted(),
      }),
  },
  {
    fault: "leaves out the newest stream",
    caughtBy: ["catalog: the log of all streams is read in one order"],
    plant: (good) =>
      onCatalog(good, {
        async streams() {
          const streams = await good.catalog.streams();
          const last = await good.getLastEventFor(streams);
          return streams.filter((stream) => stream !== last?.stream);
        },
      }),
  },
  {
    fault: "lists bookmarks at the start of the log",
    caughtBy: ["catalog: bookmarks are listed with where they stand"],
    plant: (good) =>
      onCatalog(good, {
        bookmarks: async () =>
          (await good.catalog.bookmarks())
            .map((one) => ({ ...one, position: 0 })),
      }),
  },
  {
    fault: "gives the command of the event before the part",
    caughtBy: ["catalog: the commands of a part of the log, and of no other"],
    plant: (good) =>
      onCatalog(good, {
        commands: (after, upTo) => good.catalog.commands(after - 1, upTo),
      }),
  },
];

function onCatalog(
  good: Good,
  change: Partial<Catalog>,
): Pick<Good, "catalog"> {
  return { catalog: { ...good.catalog, ...change } };
}
