// Compiled against the package where no driver is installed: nothing that it
// imports may need one.
import {
  CommandError,
  createAggregate,
  createCommands,
  createDomain,
  StoreError,
  VersionError,
} from "evtstore";
import * as errors from "evtstore/provider/error";
import { createProvider } from "evtstore/provider/memory";
import * as sqlite from "evtstore/provider/sqlite";
import { spec } from "evtstore/spec";
import { allCapabilities, testProvider } from "evtstore/testing";

type AccountEvent = { type: "Opened"; owner: string } | { type: "Closed" };

const account = createAggregate({
  stream: "accounts",
  create: () => ({ owner: "" }),
  fold: (event: AccountEvent) =>
    event.type === "Opened" ? { owner: event.owner } : {},
});

const provider = createProvider();
const { domain } = createDomain({ provider }, { account });
const accounts = createCommands(domain.account, {
  async open({ owner }: { owner: string }, { version }) {
    if (version > 0) throw new CommandError("Already open", "OPEN");
    return { type: "Opened", owner };
  },
});

export async function open(): Promise<string> {
  const ada = await accounts.open("ada", { owner: "Ada" });
  // @ts-expect-error: a command needs its arguments
  await accounts.open("ada", {});
  return ada.owner;
}

export async function check(): Promise<void> {
  const opened = spec(domain.account, accounts).given([{ type: "Closed" }]);
  await opened.when.open({ owner: "Ada" }).thenError("OPEN");
  // @ts-expect-error: an account has no such event
  opened.given([{ type: "Locked" }]);
}

export function explain(error: unknown): string | undefined {
  if (error instanceof VersionError) return error.aggregateId;
  if (error instanceof errors.CommandError) return error.code;
  if (error instanceof StoreError) return error.field;
  return undefined;
}

testProvider("SQLite", {
  capabilities: allCapabilities,
  async open() {
    await sqlite.migrate({ path: "accounts.db" });
    const provider = sqlite.createProvider({ path: "accounts.db" });
    return { provider, close: () => provider.close() };
  },
});
