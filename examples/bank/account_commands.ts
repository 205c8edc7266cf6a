import type { Account, AccountEvent, RefusalCode } from "./account.ts";
import { checkAmount } from "./money.ts";

/** What can be asked of an account by a customer, and below, by a transfer. */
export const accountCommands = {
  open(_command: object, account: Account): AccountEvent {
    if (!account.isOpen) return { type: "AccountOpened" };
    return { type: "CommandRefused", command: "open", code: "ALREADY_OPEN" };
  },

  deposit({ cents }: { cents: number }, account: Account): AccountEvent {
    checkAmount(cents);
    const code = refusesReceipt(account);
    return code
      ? { type: "CommandRefused", command: "deposit", code }
      : { type: "Deposited", cents };
  },

  withdraw({ cents }: { cents: number }, account: Account): AccountEvent {
    checkAmount(cents);
    const code = refusesPayment(account, cents);
    return code
      ? { type: "CommandRefused", command: "withdraw", code }
      : { type: "Withdrawn", cents };
  },

  /** Takes the money out of the account that pays, before anybody gets it. */
  reserve(
    { transferId, to, cents }: {
      transferId: string;
      to: string;
      cents: number;
    },
    account: Account,
  ): AccountEvent {
    checkAmount(cents);
    const code = refusesPayment(account, cents);
    return code
      ? { type: "ReservationRefused", transferId, code }
      : { type: "TransferReserved", transferId, to, cents };
  },

  /** Puts the reserved money into the account that is paid. */
  receive(
    { transferId, from, cents }: {
      transferId: string;
      from: string;
      cents: number;
    },
    account: Account,
  ): AccountEvent {
    checkAmount(cents);
    const code = refusesReceipt(account);
    return code
      ? { type: "ReceiptRefused", transferId, from, cents, code }
      : { type: "TransferReceived", transferId, from, cents };
  },

  /** Gives reserved money back to the account that it was taken from. */
  takeBack(
    { transferId, cents, code }: {
      transferId: string;
      cents: number;
      code: RefusalCode;
    },
  ): AccountEvent {
    checkAmount(cents);
    return { type: "TransferReturned", transferId, cents, code };
  },
};

function refusesReceipt(account: Account): RefusalCode | undefined {
  return account.isOpen ? undefined : "NO_SUCH_ACCOUNT";
}

function refusesPayment(
  account: Account,
  cents: number,
): RefusalCode | undefined {
  if (!account.isOpen) return "NO_SUCH_ACCOUNT";
  return account.cents < cents ? "OVERDRAFT" : undefined;
}
