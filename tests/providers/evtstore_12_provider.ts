import { type Provider, type StoreEvent, VersionError } from "evtstore";

/** What an application wrote for evtstore 12: not one member or argument more. */
export function createEvtstore12Provider(): Provider<any> {
  const rows: { stream: string; aggregateId: string; json: string }[] = [];
  const bookmarks = new Map<string, number>();
  const read = (stream: string | string[], from = 0, id?: string) =>
    rows.slice(from).flatMap((row, index): StoreEvent<any>[] =>
      [stream].flat().includes(row.stream) && (id ?? row.aggregateId) ===
          row.aggregateId
        ? [{ ...JSON.parse(row.json), position: from + index + 1 }]
        : []
    );
  return {
    driver: "evtstore 12",
    onError: () => {},
    getPosition: async (bookmark) => bookmarks.get(bookmark) ?? 0,
    setPosition: async (bookmark, position) =>
      void bookmarks.set(bookmark, position),
    getEventsFrom: async (stream, position, limit) =>
      read(stream, position).slice(0, limit),
    getEventsFor: async (stream, id, position) => read(stream, position, id),
    getLastEventFor: async (stream, id) => read(stream, 0, id).at(-1),
    createEvents: (stream, aggregateId, version, events) =>
      events.map((event, index) => ({
        ...{ stream, aggregateId, event, timestamp: new Date(), position: 0 },
        version: version + index,
      })),
    append: async (stream, aggregateId, version, events) => {
      if (read(stream, 0, aggregateId).length >= version) {
        throw new VersionError();
      }
      const json = events.map((stored) => JSON.stringify(stored));
      rows.push(...json.map((json) => ({ stream, aggregateId, json })));
      return events;
    },
  };
}
