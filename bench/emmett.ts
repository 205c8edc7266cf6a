import { CommandHandler } from "npm:@event-driven-io/emmett@0.42.0";
import { getPostgreSQLEventStore } from "npm:@event-driven-io/emmett-postgresql@0.42.0";
import {
  type Account,
  type Contender,
  deposit,
  type Deposited,
  fold,
  STREAM,
} from "./contender.ts";

/** An event in its words. */
type DepositedEvent = { type: "Deposited"; data: Omit<Deposited, "type"> };

function toEvent({ type, ...data }: Deposited): DepositedEvent {
  return { type, data };
}

/** Emmett on PostgreSQL, by its own pool of pg. */
export async function emmett(
  url: string,
  close: () => Promise<unknown>,
): Promise<Contender> {
  const store = getPostgreSQLEventStore(url);
  await store.schema.migrate();
  const state = {
    evolve: (account: Account, { data }: DepositedEvent) =>
      fold({ type: "Deposited", ...data }, account),
    initialState: (): Account => ({ cents: 0 }),
  };
  const handle = CommandHandler<Account, DepositedEvent>(state);
  let runs = 0;

  return {
    name: "Emmett",
    append: (id, version, count) =>
      store.appendToStream(
        `${STREAM}-${id}`,
        Array.from({ length: count }, () => toEvent(deposit())),
        {
          expectedStreamVersion: version === 0
            ? "STREAM_DOES_NOT_EXIST"
            : BigInt(version),
        },
      ),
    command: (id) =>
      handle(
        store,
        `${STREAM}-${id}`,
        ({ cents }) => toEvent(deposit(1 + cents % 2)),
      ),
    load: async (id) =>
      (await store.aggregateStream(`${STREAM}-${id}`, state)).state.cents,
    async catchUp(total) {
      let handled = 0;
      const consumer = store.consumer<DepositedEvent>({
        stopWhen: { noMessagesLeft: true },
        pulling: { batchSize: 1000 },
      } as any);
      consumer.reactor<DepositedEvent>({
        processorId: `catch-up-${runs++}`,
        canHandle: ["Deposited"],
        eachMessage: () => {
          handled++;
        },
        stopAfter: () => handled >= total,
      } as any);
      await consumer.start();
      await consumer.stop();
      return handled;
    },
    async close() {
      await store.close();
      await close();
    },
  };
}
