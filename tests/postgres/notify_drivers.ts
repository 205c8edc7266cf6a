import type { ErrorCallback, Provider } from "../../core/provider.ts";
import { createProvider, migrate } from "../../providers/knex.ts";
import { knexOnPostgres } from "../providers/support/knex.ts";
import { openPg } from "../providers/support/pg.ts";
import { openPostgresJs } from "../providers/support/postgres_js.ts";

/** A provider with `notify`, and a transaction of the application's own. */
export type NotifyDriver = {
  provider: Provider<any, any>;
  /** Runs `work` in a transaction that the provider knows nothing of. */
  begin(work: (tx: any) => Promise<void>): Promise<unknown>;
  close(): Promise<unknown>;
};

type Open = (url: string, onError?: ErrorCallback) => Promise<NotifyDriver>;

/** Opens a provider with `notify` by each driver. */
export const notifyDrivers: { [name: string]: Open } = {
  async pg(url, onError = () => {}) {
    const { provider, pool, close } = await openPg(url, {
      notify: true,
      onError,
    });
    return {
      provider,
      close,
      async begin(work) {
        const client = await pool.connect();
        await client.query("BEGIN");
        try {
          await work(client);
          await client.query("COMMIT");
          client.release();
        } catch (error) {
          client.release(true);
          throw error;
        }
      },
    };
  },
  async postgres(url, onError = () => {}) {
    const { provider, sql, close } = await openPostgresJs(url, {
      notify: true,
      onError,
    });
    return { provider, close, begin: (work) => sql.begin(work) };
  },
  async knex(url, onError = () => {}) {
    const schema = new URL(url).searchParams.get("options")!.split("=")[1]!;
    const client = knexOnPostgres(url, [schema]);
    await migrate({ client });
    return {
      provider: createProvider({ client, notify: true, onError }),
      close: () => client.destroy(),
      begin: (work) => client.transaction(work),
    };
  },
};
