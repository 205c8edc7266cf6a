import { createAggregate, type StorableAggregate } from "evtstore";

/** Why the bank refuses something. */
export type RefusalCode =
  | "ALREADY_OPEN"
  | "NO_SUCH_ACCOUNT"
  | "NOT_CONFIRMED"
  | "OVERDRAFT"
  | "SAME_ACCOUNT";

/**
 * What can happen to an account. Refusals happen too: they are stored like
 * anything else, so that a command which comes twice is answered the same.
 */
export type AccountEvent =
  | { type: "AccountOpened" }
  | { type: "Deposited"; cents: number }
  | { type: "Withdrawn"; cents: number }
  | {
    type: "CommandRefused";
    command: "open" | "deposit" | "withdraw";
    code: RefusalCode;
  }
  | { type: "TransferReserved"; transferId: string; to: string; cents: number }
  | { type: "ReservationRefused"; transferId: string; code: RefusalCode }
  | {
    type: "TransferReceived";
    transferId: string;
    from: string;
    cents: number;
  }
  | {
    type: "ReceiptRefused";
    transferId: string;
    from: string;
    cents: number;
    code: RefusalCode;
  }
  | {
    type: "TransferReturned";
    transferId: string;
    cents: number;
    code: RefusalCode;
  };

/** What an account has come to. */
export type Account = {
  /** An account that was never opened can have events: refusals. */
  isOpen: boolean;
  /** What can be withdrawn; never below 0. */
  cents: number;
  /** Why the last command was refused; empty if it was not. */
  refusal: RefusalCode | "";
};

/** An account and its balance. */
export const account: StorableAggregate<AccountEvent, Account, "accounts"> =
  createAggregate({
    stream: "accounts",
    create: (): Account => ({ isOpen: false, cents: 0, refusal: "" }),
    fold: (event: AccountEvent, { cents }): Partial<Account> => {
      switch (event.type) {
        case "AccountOpened":
          return { isOpen: true, refusal: "" };
        case "Deposited":
        case "TransferReceived":
        case "TransferReturned":
          return { cents: cents + event.cents, refusal: "" };
        case "Withdrawn":
        case "TransferReserved":
          return { cents: cents - event.cents, refusal: "" };
        case "CommandRefused":
        case "ReservationRefused":
        case "ReceiptRefused":
          return { refusal: event.code };
      }
    },
  });
