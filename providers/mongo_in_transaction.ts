import { StoreError } from "../core/errors.ts";
import type { Provider } from "../core/provider.ts";
import { holdVersion } from "./held_version.ts";
import { createCommit } from "./mongo_documents.ts";
import type { Run } from "./mongo_run.ts";
import type { MongoStore } from "./mongo_store.ts";
import type { MongoTransactions } from "./mongo_transactions.ts";
import type { AppendWatcher } from "./mongo_watch.ts";
import { checkText } from "./name_input.ts";

/** What a provider without transactions does not have. */
export type InTransaction<Session> = Required<
  Pick<Provider<any, Session>, "transact" | "hold">
>;

/** What needs transactions of the server. */
export function createInTransaction<Session>(
  { store, transactions, watcher, run }: {
    store: MongoStore;
    transactions: MongoTransactions;
    watcher: AppendWatcher;
    run: Run;
  },
): InTransaction<Session> {
  return {
    async transact(work) {
      const log = await store.open();
      if (!log.hasTransactions) throw noTransactions();
      const { value, hasAppended } = await transactions.transact(log, work);
      if (hasAppended) watcher.appended();
      return value;
    },

    async hold(stream, aggregateId, version, { tx }) {
      checkText("stream", stream);
      checkText("aggregateId", aggregateId);
      return await run("hold", tx, (log, session) =>
        holdVersion(
          stream,
          aggregateId,
          version,
          ({ version, events }) =>
            transactions.occupy(
              log,
              session!,
              createCommit(
                log.createId,
                stream,
                aggregateId,
                version,
                events,
                undefined,
              ),
            ),
          () => Promise.resolve(),
        ), { stream, aggregateId });
    },
  };
}

function noTransactions(): StoreError {
  return new StoreError(
    "NOT_SUPPORTED",
    "Cannot run transact: a MongoDB server that stands alone has no transactions; make it a replica set, which may be of one node",
    { field: "transactions" },
  );
}
