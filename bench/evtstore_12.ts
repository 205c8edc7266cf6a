import * as evtstore12 from "npm:evtstore@12.0.1";
import {
  type Account,
  type Contender,
  deposit,
  type Deposited,
  fold,
  STREAM,
} from "./contender.ts";

// Its own types are those of another copy of the library.
const { createAggregate, createCommands, createDomain, createHandler } =
  evtstore12 as any;

/** The predecessor, on any of its providers. */
export function predecessor(
  provider: any,
  close: () => Promise<unknown>,
): Contender {
  const account = createAggregate({
    stream: STREAM,
    create: () => ({ cents: 0 }),
    fold: (event: Deposited, account: Account) => fold(event, account),
  });
  const { domain } = createDomain({ provider, useCache: false }, { account });
  const cached = createDomain({ provider, useCache: true }, { account });
  const commands = createCommands(domain.account, {
    deposit: (_command: unknown, { cents }: Account) =>
      Promise.resolve(deposit(1 + cents % 2)),
  });
  let runs = 0;

  return {
    name: "evtstore 12",
    append: (id, version, count) => {
      const given = Array.from({ length: count }, () => deposit());
      const events = provider.createEvents(STREAM, id, version + 1, given);
      return provider.append(STREAM, id, version + 1, events);
    },
    command: (id) => commands.deposit(id, {}),
    load: async (id) => (await domain.account.getAggregate(id)).cents,
    loadCached: async (id) =>
      (await cached.domain.account.getAggregate(id)).cents,
    async catchUp() {
      let handled = 0;
      const handler = createHandler({
        bookmark: `catch-up ${runs++}`,
        streams: [STREAM],
        provider,
      });
      handler.handle(STREAM, "Deposited", () => Promise.resolve(handled++));
      await handler.runOnce();
      return handled;
    },
    close,
  };
}
