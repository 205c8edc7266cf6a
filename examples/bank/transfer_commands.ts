import { CommandError } from "evtstore";
import type { RefusalCode } from "./account.ts";
import { checkAmount } from "./money.ts";
import type { Transfer, TransferEvent } from "./transfer.ts";

/** What can be asked of a transfer by a customer, and below, by its process. */
export const transferCommands = {
  request(
    { from, to, cents, hold }: {
      from: string;
      to: string;
      cents: number;
      hold?: true;
    },
    transfer: Transfer,
  ): TransferEvent {
    checkAmount(cents);
    if (transfer.status !== "new") {
      throw new CommandError(
        "Cannot request a transfer twice: take another id for another one",
        "ALREADY_REQUESTED",
      );
    }
    if (from === to) {
      return { type: "TransferRefused", from, to, cents, code: "SAME_ACCOUNT" };
    }
    return { type: "TransferRequested", from, to, cents, ...hold && { hold } };
  },

  /** Lets the money of a transfer go that waits for it. */
  confirm(_command: object, transfer: Transfer): TransferEvent {
    if (transfer.status === "pending") return { type: "TransferConfirmed" };
    throw new CommandError(
      "Cannot confirm a transfer that is not under way",
      "NOT_PENDING",
    );
  },

  complete(_command: object, transfer: Transfer): TransferEvent | void {
    if (transfer.status === "pending") return { type: "TransferCompleted" };
  },

  fail(
    { code }: { code: RefusalCode },
    transfer: Transfer,
  ): TransferEvent | void {
    if (transfer.status === "pending") return { type: "TransferFailed", code };
  },
};
