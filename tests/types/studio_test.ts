import { createAggregate, createDomain, type Provider } from "evtstore";
import { createProvider } from "evtstore/provider/sqlite";
import {
  createStudio,
  type EventsAnswer,
  type Studio,
  type TailMessage,
} from "evtstore/studio";
import { test } from "node:test";

test("what a studio takes and gives compiles, and nothing else does", () => {
  // Never called: the compiler is the test.
  const _types = async (provider: Provider<any>) => {
    const order = createAggregate({
      stream: "orders",
      create: () => ({ paid: false }),
      fold: (event: { type: "Paid" }) => ({ paid: event.type === "Paid" }),
    });
    const sqlite = createProvider({ path: "bank.db" });
    const { domain, createHandler } = createDomain(
      { provider: sqlite },
      { order },
    );
    const handlers = [createHandler("mails", ["orders"])];
    const studio: Studio = createStudio(sqlite, {
      token: "",
      domain,
      handlers,
      write: true,
    });
    createStudio(provider, { token: "", domain: { order }, hosts: ["a:1"] });
    createStudio(provider, { token: "", domain: await import("evtstore") });
    // Under Deno, and wherever a handler is such a function.
    const served: (request: Request) => Promise<Response> = studio;
    const answer: EventsAnswer = await (await served(new Request("http://a")))
      .json();
    const next: string | null = answer.next;
    const message = {} as TailMessage;
    if (message.kind === "skipped") message.more satisfies boolean;

    // @ts-expect-error: without a token anybody could ask.
    createStudio(provider, {});
    // @ts-expect-error: the module itself, not its path.
    createStudio(provider, { token: "", domain: "./domain.ts" });
    // @ts-expect-error: the handlers themselves, not their names.
    createStudio(provider, { token: "", handlers: ["mails"] });
    // @ts-expect-error: positions are texts.
    const position: number = answer.events[0]!.position;
    return [next, position];
  };
  void _types;
});
