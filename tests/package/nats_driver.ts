// As every_driver.ts, with `skipLibCheck`: the types of NATS's client do not
// agree with each other under `exactOptionalPropertyTypes`.
import { connect, headers } from "@nats-io/transport-node";
import { createAggregate, createDomain, type Provider } from "evtstore";
import * as byNats from "evtstore/provider/nats";

const account = createAggregate({
  stream: "accounts",
  create: () => ({ owner: "" }),
  fold: ({ owner }: { type: "Opened"; owner: string }) => ({ owner }),
});

export async function openNats(): Promise<Provider<any>> {
  const connection = await connect({ servers: ["nats://localhost"] });
  await byNats.migrate({ connection, replicas: 3 });
  const provider = byNats.createProvider({ connection, headers });
  // @ts-expect-error: there are no transactions
  provider.transact(async () => {});
  const { createHandler } = createDomain({ provider }, { account });
  createHandler("history", ["accounts"], { exclusive: true });
  return provider;
}
