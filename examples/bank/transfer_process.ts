import type { CommandOptions, StreamHandler } from "evtstore";
import type { AccountEvent } from "./account.ts";
import type { Bank } from "./bank.ts";
import type { TransferEvent } from "./transfer.ts";

/** A handler that moves the money of transfers. */
export type TransferProcess = StreamHandler<
  { accounts: AccountEvent; transfers: TransferEvent }
>;

/** A share of all transfers. */
export type Share = {
  /** Which one, from 0. */
  index: number;
  /** Of how many. */
  of: number;
};

/**
 * Moves the money of each transfer from one account to the other, and back if
 * it is not taken there: every event asks for the next step.
 *
 * A handler sees each event at least once, so after a crash some again. Every
 * step has its own `commandId`, which the database stores once, so a step that
 * was done stays done once.
 *
 * @param share The transfers that this process moves, so that others can move
 * the rest at the same time; all of them unless given.
 */
export function createTransferProcess(
  { createHandler, accounts, transfers }: Bank,
  share: Share = { index: 0, of: 1 },
): TransferProcess {
  // The number of shares is in the name: with another number, each of them has
  // other transfers and begins anew, and the steps that were done stay done.
  const process = createHandler(
    `transfer-process-${share.index}-of-${share.of}`,
    ["transfers", "accounts"],
  );

  async function step(
    transferId: string,
    name: string,
    take: (options: CommandOptions) => Promise<unknown>,
  ): Promise<void> {
    if (shareOf(transferId, share.of) !== share.index) return;
    await take({
      // The ids of customers' commands have no colon: none of them is a step's.
      commandId: `${transferId}:${name}`,
      metadata: { correlationId: transferId },
    });
  }

  process.handle(
    "transfers",
    "TransferRequested",
    (transferId, { from, to, cents }) =>
      step(
        transferId,
        "reserve",
        (options) => accounts.reserve(from, { transferId, to, cents }, options),
      ),
  );

  process.handleStream("accounts", {
    TransferReserved: (from, { transferId, to, cents }) =>
      step(
        transferId,
        "receive",
        (options) => accounts.receive(to, { transferId, from, cents }, options),
      ),

    ReceiptRefused: (_to, { transferId, from, cents, code }) =>
      step(
        transferId,
        "take-back",
        (options) =>
          accounts.takeBack(from, { transferId, cents, code }, options),
      ),

    TransferReceived: (_to, { transferId }) =>
      step(
        transferId,
        "complete",
        (options) => transfers.complete(transferId, {}, options),
      ),

    ReservationRefused: (_from, { transferId, code }) =>
      step(
        transferId,
        "fail",
        (options) => transfers.fail(transferId, { code }, options),
      ),

    TransferReturned: (_from, { transferId, code }) =>
      step(
        transferId,
        "fail",
        (options) => transfers.fail(transferId, { code }, options),
      ),
  });

  return process;
}

/** The share that a transfer belongs to: always the same one. */
export function shareOf(transferId: string, shares: number): number {
  let hash = 0;
  for (let index = 0; index < transferId.length; index++) {
    hash = (Math.imul(hash, 31) + transferId.charCodeAt(index)) >>> 0;
  }
  return hash % shares;
}
