import { headers } from "@nats-io/transport-node";
import { createProvider, migrate } from "../../../providers/nats.ts";
import { connectTo, newName, removeLog } from "../../providers/support/nats.ts";
import type { FullProvider, StoreKind } from "./store.ts";

const HANDLED = "handled";
const PAGE = 1000;

/**
 * NATS JetStream, on `nats://host:port/name of the log`. It has no transactions,
 * so the read model is written before the bookmark moves, and by the line's own
 * key: writing it again changes nothing.
 */
export const nats: StoreKind = {
  async create(server) {
    const url = new URL(server);
    url.pathname = `/${newName()}`;
    const { connection, name } = await connectToLog(url.href);
    await migrate({ connection, name });
    await connection.close();
    return {
      address: url.href,
      async remove() {
        const { connection } = await connectToLog(url.href);
        await removeLog(connection, name);
        await connection.close();
      },
    };
  },
  async open(address, { patience, onError = () => {} }) {
    const { connection, name } = await connectToLog(address);
    const provider = createProvider({
      connection,
      headers,
      name,
      onError,
      ...patience === undefined ? {} : { timeoutMs: patience },
    });
    const { records } = provider;
    return {
      provider: provider as unknown as FullProvider,
      readModel: {
        async add(_tx, line) {
          await records.put(HANDLED, line, true, { revision: 0 });
        },
        async list() {
          const lines: string[] = [];
          for (let isOver = false; !isOver;) {
            const after = lines.at(-1);
            const page = await records.list(HANDLED, {
              limit: PAGE,
              ...after === undefined ? {} : { after },
            });
            lines.push(...page.map(({ key }) => key));
            isOver = page.length < PAGE;
          }
          return lines;
        },
      },
      close: () => connection.close(),
    };
  },
};

async function connectToLog(address: string) {
  const { protocol, host, pathname } = new URL(address);
  return {
    connection: await connectTo(`${protocol}//${host}`),
    name: pathname.slice(1),
  };
}
