import { type EventMeta, MemoryBookmark } from "evtstore";
import { type Account, account, type AccountEvent } from "./account.ts";
import type { Bank } from "./bank.ts";
import type { Balance } from "./read_model.ts";

/** An account of which the log and the read model do not say the same. */
export type Disagreement = {
  /** The account. */
  account: string;
  /** Its balance by the log; undefined if the log has no such account. */
  log: number | undefined;
  /** Its balance by the read model; undefined if it has no such account. */
  balance: number | undefined;
  /** The sum of its statement. */
  statement: number | undefined;
};

/** What the log says, and where the read model says something else. */
export type Audit = {
  /** How many events were read. */
  events: number;
  /** How many accounts were opened. */
  accounts: number;
  /** Empty if the read model agrees to the cent. */
  disagreements: Disagreement[];
  /** All money that came into the bank. */
  deposited: number;
  /** All money that left it. */
  withdrawn: number;
  /** The sum of all balances by the log. */
  total: number;
  /** The transfers, by what they came to. */
  transfers: { completed: number; failed: number; pending: number };
};

/** Whether an audit found nothing. */
export function isInAgreement(audit: Audit): boolean {
  return audit.disagreements.length === 0 &&
    audit.total === audit.deposited - audit.withdrawn &&
    audit.transfers.pending === 0;
}

/** Reads the whole log once more, and compares the read model with it. */
export async function auditBank(
  { createHandler }: Bank,
  balances: Balance[],
): Promise<Audit> {
  const accounts = new Map<string, Account>();
  const pending = new Set<string>();
  const transfers = { completed: 0, failed: 0, pending: 0 };
  let deposited = 0;
  let withdrawn = 0;

  const fold = (id: string, event: AccountEvent, meta: EventMeta) => {
    const before = {
      ...accounts.get(id) ?? account.aggregate(),
      aggregateId: id,
      version: meta.version - 1,
    };
    accounts.set(id, { ...before, ...account.fold(event, before, meta) });
    if (event.type === "Deposited") deposited += event.cents;
    if (event.type === "Withdrawn") withdrawn += event.cents;
  };

  // Its place is kept in memory, so it begins at the first event every time.
  const reader = createHandler(MemoryBookmark, ["accounts", "transfers"]);
  reader.handleStream("accounts", {
    AccountOpened: fold,
    Deposited: fold,
    Withdrawn: fold,
    TransferReserved: fold,
    TransferReceived: fold,
    TransferReturned: fold,
  });
  reader.handleStream("transfers", {
    TransferRequested: (id) => {
      pending.add(id);
    },
    TransferCompleted: (id) => {
      transfers.completed++;
      pending.delete(id);
    },
    TransferFailed: (id) => {
      transfers.failed++;
      pending.delete(id);
    },
    TransferRefused: () => {
      transfers.failed++;
    },
  });
  const events = await reader.runOnce();

  let total = 0;
  for (const { cents } of accounts.values()) total += cents;
  transfers.pending = pending.size;
  return {
    events,
    accounts: accounts.size,
    disagreements: compare(accounts, balances),
    deposited,
    withdrawn,
    total,
    transfers,
  };
}

function compare(
  accounts: Map<string, Account>,
  balances: Balance[],
): Disagreement[] {
  const found: Disagreement[] = [];
  const inReadModel = new Set<string>();
  for (const { account, cents: balance, statement } of balances) {
    inReadModel.add(account);
    const log = accounts.get(account)?.cents;
    if (balance === log && statement === log) continue;
    found.push({ account, log, balance, statement });
  }
  for (const [account, { cents: log }] of accounts) {
    if (inReadModel.has(account)) continue;
    found.push({ account, log, balance: undefined, statement: undefined });
  }
  return found;
}
