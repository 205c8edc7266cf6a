import {
  createCommands,
  createDomain,
  type DomainV2,
  type InferredCommands,
  type Provider,
} from "evtstore";
import { type Account, account } from "./account.ts";
import { accountCommands } from "./account_commands.ts";
import { type Transfer, transfer } from "./transfer.ts";
import { transferCommands } from "./transfer_commands.ts";

type Aggregates = { account: typeof account; transfer: typeof transfer };

/** The bank on a database: its commands, and handlers of its events. */
export type Bank<Tx = any> = DomainV2<Aggregates, Tx> & {
  /** The commands of accounts. */
  accounts: InferredCommands<typeof accountCommands, Account, Tx>;
  /** The commands of transfers. */
  transfers: InferredCommands<typeof transferCommands, Transfer, Tx>;
};

/** How often a command is decided again if another process was faster. */
const RETRIES = 20;

/** Makes the bank on a database. */
export function createBank<Tx>(provider: Provider<any, Tx>): Bank<Tx> {
  // An account has thousands of events: it is read once, and then what is new.
  const options = { provider, useCache: true };
  const { domain, createHandler } = createDomain(options, {
    account,
    transfer,
  });
  const retry = { retries: RETRIES };
  return {
    domain,
    createHandler,
    accounts: createCommands(domain.account, accountCommands, retry),
    transfers: createCommands(domain.transfer, transferCommands, retry),
  };
}
