import type { MemoryTransaction } from "evtstore/provider/memory";
import type { Fault, Good } from "./fault.ts";

/** Faults of transactions. */
export const transactionFaults: readonly Fault[] = [
  {
    fault: "does not roll back",
    caughtBy: [
      "transact: no write of a transaction that throws is kept",
      "transactional handlers: a failing event's writes are rolled back",
      "commands: one that was rolled back is not in the cache",
      "upcasting: of an event that is several today all parts are one step",
    ],
    plant: (good) => ({
      async transact(work) {
        let failure: unknown;
        const result = await good.transact(async (tx) => {
          try {
            return await work(tx);
          } catch (error) {
            failure = error;
          }
        });
        if (failure !== undefined) throw failure;
        return result as any;
      },
    }),
  },
  {
    fault: "resolves although it rolled back",
    caughtBy: [
      "transact: no write of a transaction that throws is kept",
      "transact: a decision on an old version is refused inside one too",
    ],
    plant: (good) => ({
      transact: (work) => good.transact(work).catch(() => undefined as any),
    }),
  },
  {
    fault: "resolves although an error inside has made it roll back",
    caughtBy: ["transact: it resolves only if everything was committed"],
    plant(good) {
      const broken = new WeakSet<object>();
      const rolledBack = new Error("rolled back in silence");
      return {
        append: (stream, id, version, events, options) =>
          good.append(stream, id, version, events, options).catch((error) => {
            if (options?.tx) broken.add(options.tx);
            throw error;
          }),
        async transact(work) {
          let result: unknown;
          await good.transact(async (tx) => {
            result = await work(tx);
            if (broken.has(tx)) throw rolledBack;
          }).catch((error) => {
            if (error !== rolledBack) throw error;
          });
          return result as any;
        },
      };
    },
  },
  {
    fault: "moves bookmarks outside the transaction",
    caughtBy: [
      "transact: no write of a transaction that throws is kept",
      "isolation: nobody outside sees what is then rolled back",
    ],
    plant(good) {
      const moved = new Map<string, any>();
      return {
        getPosition: async (bookmark) =>
          moved.get(bookmark) ?? await good.getPosition(bookmark),
        async setPosition(bookmark, position, options) {
          const answer = await good.setPosition(bookmark, position, options);
          if (answer !== false) moved.set(bookmark, position);
          return answer;
        },
      };
    },
  },
  {
    fault: "reads beside the transaction that it was given",
    caughtBy: [
      "isolation: reads inside a transaction see its own writes",
    ],
    plant: (good) => ({
      getEventsFor: (stream, id, position) =>
        good.getEventsFor(stream, id, position),
    }),
  },
  {
    fault: "reads inside whatever transaction is open",
    caughtBy: ["isolation: nobody outside sees what is then rolled back"],
    plant: (good) => {
      const open = openTransaction(good);
      return {
        transact: open.transact,
        getEventsFor: (stream, id, position, options) =>
          good.getEventsFor(stream, id, position, open.join(options)),
        getLastEventFor: (stream, id, options) =>
          good.getLastEventFor(stream, id, open.join(options)),
      };
    },
  },
  {
    fault: "appends inside whatever transaction is open",
    caughtBy: [
      "isolation: an append beside a transaction is not lost with it",
      "isolation: an append that forgets the transaction is refused or kept",
    ],
    plant(good) {
      const open = openTransaction(good);
      return {
        transact: open.transact,
        append: (stream, id, version, events, options) =>
          good.append(stream, id, version, events, open.join(options)),
      };
    },
  },
  {
    fault: "takes anything for a transaction",
    caughtBy: ["isolation: a value that is no transaction is refused"],
    plant(good) {
      const open = openTransaction(good);
      return {
        transact: open.transact,
        append: (stream, id, version, events, options) =>
          good.append(stream, id, version, events, open.check(options)),
      };
    },
  },
  {
    fault: "swallows what is appended in a transaction that has ended",
    caughtBy: [
      "isolation: an append in a transaction that has ended is not lost",
    ],
    plant: (good) => ({
      append: (stream, id, version, events, options) =>
        good.append(stream, id, version, events, options).catch((error) => {
          if (error.code === "TRANSACTION_ENDED") return events;
          throw error;
        }),
    }),
  },
];

/** Knows the transaction that is open, as one shared connection would. */
function openTransaction(good: Good) {
  let open: MemoryTransaction | undefined;
  return {
    transact: <T>(work: (tx: MemoryTransaction) => Promise<T>) =>
      good.transact(async (tx) => {
        open = tx;
        try {
          return await work(tx);
        } finally {
          open = undefined;
        }
      }),
    /** Any call is one in the open transaction. */
    join: <O extends { tx?: MemoryTransaction }>(options?: O): O =>
      (open ? { ...options, tx: open } : { ...options }) as O,
    /** A call with any `tx` is one in the open transaction, or in none. */
    check<O extends { tx?: MemoryTransaction }>(options?: O): O {
      const { tx: _, ...rest } = options ?? {} as O;
      return (options?.tx && open ? { ...rest, tx: open } : rest) as O;
    },
  };
}
