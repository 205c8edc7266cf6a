import type { Provider } from "../../core/provider.ts";
import type { SnapshotOptions } from "../../core/snapshot_options.ts";
import type { Case } from "../case.ts";
import {
  type Counter,
  type CounterOptions,
  createCounter,
} from "../counter.ts";
import {
  describe,
  expect,
  expectRefusal,
  expectSame,
  isStoreError,
} from "../expect.ts";
import { upTo } from "../numbered.ts";
import { errorsOf, race } from "../outcome.ts";
import type { Subject } from "../subject.ts";

/** Aggregates that are kept beside the log, and never lie about it. */
export const snapshotCases: readonly Case[] = [
  {
    name: "snapshots: a load reads what follows one, and no more",
    guarantee: 2,
    needs: ["records"],
    async run(subject) {
      const { open, errors } = prepare(subject);
      const id = subject.unique("id");
      const writer = open();
      await add(writer, id, 45);
      await add(writer, id, 3);
      // A name that is too long for a key is as good as any.
      const long = subject.unique("long".repeat(50));
      await add(writer, long, 42);
      for (const [of, version] of [[id, 48], [long, 42]] as const) {
        const reader = open();
        const { events, ...state } = await reader.reads(of);
        const expected = { aggregateId: of, total: version, version };
        expectSame(state, expected, "the aggregate");
        expectSame(events, of === id ? 3 : 0, "the number of events read");
      }
      await add(open(), id, 1);
      const elsewhere = open({ provider: await subject.another() });
      const { events, total } = await elsewhere.reads(id);
      expectSame([total, events], [49, 4], "the total and the events read");
      expectSame(errors.map(describe), [], "what onError was told");
    },
  },
  {
    name: "snapshots: one of another version is not used",
    guarantee: 2,
    needs: ["records"],
    async run(subject) {
      const { open, errors } = prepare(subject);
      const id = subject.unique("id");
      await add(open(), id, 12);
      const weigh = (value: number) => 2 * value;
      const changed = open({ weigh }, { version: "2" });
      const before = await changed.reads(id);
      expectSame([before.total, before.events], [24, 12], "total, events read");
      await add(changed, id, 1);
      const after = await open({ weigh }, { version: "2" }).reads(id);
      expectSame([after.total, after.events], [26, 0], "total, events read");
      // The old one goes on beside it, as during a deployment.
      const old = await open().reads(id);
      expectSame([old.total, old.events], [13, 1], "total, events read");
      expectSame(errors.map(describe), [], "what onError was told");
    },
  },
  {
    name: "snapshots: a fold that changed is reported, and put right",
    guarantee: 7,
    needs: ["records"],
    async run(subject) {
      const { open, errors } = prepare(subject);
      const id = subject.unique("id");
      await add(open(), id, 15);
      await open({}, { check: 1 }).reads(id);
      expectSame(errors.map(describe), [], "what a check of a good one tells");
      const weigh = (value: number) => 2 * value;
      const changed = open({ weigh }, { check: 1 });
      await changed.reads(id);
      expect(
        errors.length === 1 && isStoreError("SNAPSHOT_STALE")(errors[0]),
        `Expected onError to be told SNAPSHOT_STALE: it was told ${
          errors.map(describe).join() || "nothing"
        }`,
      );
      const { total, events } = await changed.reads(id);
      expectSame([total, events], [30, 15], "the total and the events read");
    },
  },
  {
    name: "snapshots: those of racers are right, and the newest stays",
    guarantee: 2,
    needs: ["records"],
    async run(subject) {
      const { open, errors } = prepare(subject);
      const id = subject.unique("id");
      const provider = await subject.another();
      const counters = [
        open({ retries: 500 }),
        open({ retries: 500, provider, useCache: true }),
        open({ retries: 500, useCache: "optimistic" }),
      ];
      for (let wave = 0; wave < 3; wave++) {
        const outcomes = await race(6, async (racer) => {
          for (let turn = 0; turn < 2; turn++) {
            await counters[racer % 3]!.addAll(id, [1, 1]);
          }
        });
        const [failure] = errorsOf(outcomes);
        expect(
          failure === undefined,
          `Expected all to be stored: an error is ${describe(failure)}`,
        );
        for (const one of counters) await one.settled();
      }
      const checking = open({}, { check: 1 });
      const { total, version, events } = await checking.reads(id);
      expectSame([total, version], [72, 72], "the total and version");
      // A writer may have been overtaken between two of them.
      expect(
        events < 30,
        `Expected the newest snapshot to be less than 30 events old: it is ${events}`,
      );
      expectSame(errors.map(describe), [], "what onError was told");
    },
  },
  {
    name: "snapshots: one is kept of what was committed, and used inside",
    guarantee: 2,
    needs: ["records", "transact"],
    async run(subject) {
      const { open, errors } = prepare(subject);
      const id = subject.unique("id");
      const counter = open();
      await add(counter, id, 15);
      const problem = new Error("the work's own error");
      await expectRefusal(
        subject.transact(async (tx) => {
          const inside = await counter.addAll(id, upTo(30), { tx });
          expectSame(inside.total, 450, "the total inside the transaction");
          const loaded = await counter.load(id, { tx });
          expectSame(loaded.total, 450, "the total when it is loaded there");
          throw problem;
        }),
        (error) => error === problem,
        "transact to reject with what its work throws",
      );
      await counter.settled();
      const after = await open({}, { check: 1 }).reads(id);
      expectSame([after.total, after.events], [15, 0], "total, events read");
      await subject.transact((tx) => counter.addAll(id, upTo(2), { tx }));
      const { total, events } = await open().reads(id);
      expectSame([total, events], [16, 2], "the total and the events read");
      expectSame(errors.map(describe), [], "what onError was told");
    },
  },
  {
    name: "snapshots: a provider that keeps no records refuses them",
    without: "records",
    async run(subject) {
      // A provider that has nothing at all shows nothing by lacking this.
      await subject.positions(1);
      const { open } = prepare(subject);
      await expectRefusal(
        Promise.resolve().then(() => open()),
        isStoreError("NOT_SUPPORTED"),
        "snapshots without records to be refused as NOT_SUPPORTED",
      );
    },
  },
];

/** Counters of one stream that keep a snapshot after every 10 events. */
function prepare(subject: Subject) {
  const stream = subject.unique("stream");
  const errors: unknown[] = [];
  const open = (
    { provider = subject.provider, ...options }: CounterOptions = {},
    snapshot: Partial<SnapshotOptions> = {},
  ) => {
    const counting = countReads(provider, (error) => void errors.push(error));
    const counter = createCounter(subject, {
      stream,
      provider: counting.provider,
      snapshot: { version: "1", every: 10, check: 0, ...snapshot },
      ...options,
    });
    return {
      ...counter,
      /** Loads it, and says how many events were read for that. */
      async reads(id: string) {
        const before = counting.events();
        const state = await counter.load(id);
        const events = counting.events() - before;
        await counter.settled();
        return { ...state, events };
      },
    };
  };
  return { open, errors };
}

async function add(counter: Counter, id: string, count: number): Promise<void> {
  await counter.addAll(id, Array.from({ length: count }, () => 1));
  await counter.settled();
}

/** The same provider, which counts the events of aggregates that are read. */
function countReads(
  provider: Provider<any>,
  onError: (error: unknown) => void,
) {
  let events = 0;
  const counting = new Proxy(provider, {
    get(target, key) {
      if (key === "onError") return onError;
      const member = Reflect.get(target, key);
      if (key !== "getEventsFor") return member;
      return async (...args: Parameters<typeof target.getEventsFor>) => {
        const page = await target.getEventsFor(...args);
        events += page.length;
        return page;
      };
    },
  });
  return { provider: counting, events: () => events };
}
