import type { ErrorCallback } from "../../core/provider.ts";
import { AppendAnnouncer } from "./postgres_announcer.ts";
import type { PostgresExecutor } from "./postgres_executor.ts";
import { AppendListener } from "./postgres_listener.ts";
import type { PostgresTable } from "./postgres_names.ts";
import type { PostgresStatements } from "./postgres.ts";
import type { PostgresStore } from "./postgres_store.ts";
import type { Notifications } from "./postgres_watch.ts";

/** NOTIFY and LISTEN, on a channel that belongs to the table of events. */
export function createNotifications<Tx>(
  { executor, store, statements, table }: {
    executor: PostgresExecutor<Tx>;
    store: PostgresStore<Tx>;
    statements: PostgresStatements;
    table: PostgresTable;
  },
  onError: ErrorCallback,
): Notifications {
  // What a provider announces does not wake its own handlers again.
  const sender = crypto.randomUUID();
  const source = {
    async channel() {
      const [row] = await store.read(
        { what: "LISTEN" },
        statements.selectChannel,
        [table.quoted],
      );
      return String(row![0]);
    },
    listen: executor.listen.bind(executor),
    async notify(payload: string) {
      await store.read({ what: "NOTIFY" }, statements.notify, [
        table.quoted,
        payload,
      ]);
    },
  };
  const announcer = new AppendAnnouncer(() => source.notify(sender), onError);
  return {
    announce: () => announcer.announce(),
    listen: (changed) => new AppendListener(source, sender, changed, onError),
  };
}
