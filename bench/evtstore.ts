import {
  createAggregate,
  createCommands,
  createDomain,
  createHandler,
  type Provider,
} from "evtstore";
import { type Contender, deposit, type Deposited, fold } from "./contender.ts";
import { STREAM } from "./contender.ts";

const account = createAggregate({
  stream: STREAM,
  create: () => ({ cents: 0 }),
  fold: (event: Deposited, account) => fold(event, account),
});

/** Between two events whose way to the handler is measured, in milliseconds. */
const PAUSE_MS = 30;

/** This library, on any of its providers. */
export function evtstore(
  provider: Provider<any>,
  close: () => Promise<unknown>,
): Contender {
  const { domain } = createDomain({ provider }, { account });
  const cached = createDomain({ provider, useCache: true }, { account });
  const commands = createCommands(domain.account, {
    deposit: async (_command: { type: "deposit" }, { cents }) =>
      deposit(1 + cents % 2),
  });
  let runs = 0;

  const handlerOf = (bookmark: string, each: (id: string) => void) => {
    const handler = createHandler<{ [STREAM]: Deposited }>({
      bookmark,
      streams: [STREAM],
      provider,
    });
    handler.handle(STREAM, "Deposited", async (id) => each(id));
    return handler;
  };

  return {
    name: "evtstore",
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
      await handlerOf(`catch-up ${runs++}`, () => handled++).runOnce();
      return handled;
    },
    async latencies(count) {
      let arrived = (_id: string) => {};
      const handler = handlerOf(`latency ${runs++}`, (id) => arrived(id));
      await handler.runOnce();
      handler.start();
      const latencies: number[] = [];
      for (let index = 0; index < count; index++) {
        // Until the bookmark of the one before is stored.
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        const id = crypto.randomUUID();
        const arrival = new Promise<void>((resolve) => {
          arrived = (found) => found === id && resolve();
        });
        await this.append(id, 0, 1);
        const start = performance.now();
        await arrival;
        latencies.push(performance.now() - start);
      }
      await handler.stop();
      return latencies;
    },
    async keepUp(count, perSecond, seconds) {
      let handled = 0;
      const handlers = Array.from(
        { length: count },
        () => handlerOf(`keeps up ${runs++}`, () => handled++),
      );
      for (const handler of handlers) await handler.runOnce();
      handled = 0;
      for (const handler of handlers) handler.start();
      const events = perSecond * seconds;
      const start = performance.now();
      const appends = Array.from({ length: events }, async (_, index) => {
        const due = start + index * 1000 / perSecond;
        await new Promise((resolve) =>
          setTimeout(resolve, Math.max(0, due - performance.now()))
        );
        await this.append(crypto.randomUUID(), 0, 1);
      });
      await Promise.all(appends);
      while (handled < count * events) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
      await Promise.all(handlers.map((handler) => handler.stop()));
    },
    close,
  };
}
