import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { createProvider, migrate } from "../providers/nats.ts";
import type { Contender } from "./contender.ts";
import { evtstore } from "./evtstore.ts";
import { rawNats } from "./raw_nats.ts";
import type { Suite } from "./suite.ts";

/** NATS JetStream, on one server. */
export function natsSuite(server: string): Suite {
  const onNats = async (
    open: (
      connection: NatsConnection,
      name: string,
      drop: () => Promise<unknown>,
    ) => Promise<Contender>,
  ) => {
    const name = `evt_bench_${crypto.randomUUID().slice(0, 8)}`;
    const connection = await connect({ servers: [new URL(server).host] });
    return await open(connection, name, async () => {
      for (const stream of [name, `KV_${name}`]) {
        await connection.request(`$JS.API.STREAM.DELETE.${stream}`, "", {
          timeout: 10_000,
        });
      }
      await connection.close();
    });
  };
  const all: (() => Promise<Contender>)[] = [
    () => onNats(rawNats),
    () =>
      onNats(async (connection, name, drop) => {
        await migrate({ connection, name });
        return evtstore(createProvider({ connection, headers, name }), drop);
      }),
  ];
  return {
    name: "NATS",
    async open(only) {
      const opened: Contender[] = [];
      for (const [index, open] of all.entries()) {
        if (!only || only.includes(String(index))) opened.push(await open());
      }
      return opened;
    },
  };
}
