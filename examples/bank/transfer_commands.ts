import { CommandError } from "evtstore";
import type { RefusalCode } from "./account.ts";
import { checkAmount } from "./money.ts";
import type { Transfer, TransferEvent } from "./transfer.ts";

/** What can be asked of a transfer by a customer, and below, by its process. */
export const transferCommands = {
  request(
    { from, to, cents }: { from: string; to: string; cents: number },
    transfer: Transfer,
  ): TransferEvent {
    checkAmount(cents);
    if (transfer.status !== "new") {
      throw new CommandError(
        "Cannot request a transfer twice: take another id for another one",
        "ALREADY_REQUESTED",
      );
    }
    return from === to
      ? { type: "TransferRefused", from, to, cents, code: "SAME_ACCOUNT" }
      : { type: "TransferRequested", from, to, cents };
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
