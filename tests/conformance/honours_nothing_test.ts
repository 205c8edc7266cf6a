import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Provider, Records } from "evtstore";
import { allCapabilities, conformanceCases } from "evtstore/testing";

/** Answers every call, and does nothing at all. */
const silent: Provider<any> = new Proxy({ driver: "silent" } as Provider<any>, {
  get: (target, key) => {
    if (key in target) return Reflect.get(target, key);
    if (key === "records" || key === "catalog") return silent;
    if (key === "then" || key === "limit") return undefined;
    return key === "createEvents" ? () => [] : async () => {};
  },
});

/** Answers every call as a good provider would if nothing ever happened. */
const polite: Required<Provider<any>> = {
  driver: "polite",
  limit: 100,
  onError: () => {},
  getPosition: async () => 0,
  setPosition: async (_bookmark, _position, options) =>
    options?.from === undefined ? undefined : true,
  getEventsFrom: async () => [],
  getEventsFor: async () => [],
  getLastEventFor: async () => undefined,
  createEvents: (stream, aggregateId, version, events) =>
    events.map((event, index) => ({
      ...{ stream, aggregateId, event, timestamp: new Date(), position: 0 },
      version: version + index,
    })),
  append: async (_stream, _id, _version, events) => events,
  watch: () => () => {},
  transact: (work) => work({}),
  records: {
    get: async () => undefined,
    list: async () => [],
    due: async () => [],
    put: async () => true,
    remove: async () => true,
  } satisfies Records,
  findCommand: async () => undefined,
  horizon: async () => ({ position: 0, blockedBy: [] }),
  hold: async (_stream, _id, version) => version,
  catalog: {
    streams: async () => [],
    bookmarks: async () => [],
    commands: async () => [],
  },
};

const scratch = { write: async () => {}, read: async () => undefined };

describe("a provider that honours nothing", () => {
  for (const provider of [silent, polite]) {
    for (const capabilities of [allCapabilities, []]) {
      const name = capabilities.length > 0 ? "every capability" : "none";
      it(`fails every case when it is ${provider.driver} and declares ${name}`, async () => {
        const cases = conformanceCases(capabilities);
        const passed = await Promise.all(cases.map(async ({ name, run }) => {
          try {
            await run({ provider, scratch, patience: 40 });
            return [name];
          } catch (error) {
            assert(error instanceof assert.AssertionError, String(error));
            return [];
          }
        }));
        assert.deepEqual(passed.flat(), []);
        assert(cases.length > 60, `only ${cases.length} cases were run`);
      });
    }
  }
});
