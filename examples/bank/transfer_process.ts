import { createProcess, type ProcessControls } from "evtstore";
import type { RefusalCode } from "./account.ts";
import type { Bank } from "./bank.ts";

/** What the process of a transfer remembers. */
export type TransferMemory = {
  from: string;
  to: string;
  cents: number;
  /** What the money waits for in the account that pays: nothing, or a word. */
  waitsFor: "reservation" | "confirmation" | "nothing";
  /** Whether the customer has confirmed, or had nothing to confirm. */
  isConfirmed: boolean;
};

/** What the process of a transfer notes. */
type Note =
  | {
    type: "TransferBegun";
    from: string;
    to: string;
    cents: number;
    hold: boolean;
  }
  | { type: "MoneyReserved" }
  | { type: "CustomerConfirmed" }
  | { type: "MoneySent" };

/** A share of all transfers. */
export type Share = {
  /** Which one, from 0. */
  index: number;
  /** Of how many. */
  of: number;
};

/** How long a transfer waits for the customer. */
export const CONFIRM_WITHIN = "24h";

/**
 * Moves the money of each transfer from one account to the other, and back if
 * it is not taken there. A transfer on hold waits for its customer in between,
 * and not for ever.
 *
 * After a crash a process sees some events again, and finds what it has decided
 * about them: every step is taken once.
 *
 * @param share The transfers that this process moves, so that others can move
 * the rest at the same time; all of them unless given.
 */
export function createTransferProcess(
  { domain, accounts, transfers }: Bank,
  share: Share = { index: 0, of: 1 },
): ProcessControls<TransferMemory> {
  // The number of shares is in the name: with another number, each of them has
  // other transfers and begins anew, and the steps that were done stay done.
  const process = createProcess({
    name: `transfer-process-${share.index}-of-${share.of}`,
    stream: "transfer-processes",
    streams: [domain.transfer, domain.account],
    commands: { accounts, transfers },
    timers: ["unconfirmed"],
    create: (): TransferMemory => ({
      from: "",
      to: "",
      cents: 0,
      waitsFor: "reservation",
      isConfirmed: false,
    }),
    fold: (note: Note): Partial<TransferMemory> => {
      switch (note.type) {
        case "TransferBegun": {
          const { from, to, cents, hold } = note;
          return { from, to, cents, isConfirmed: !hold };
        }
        case "MoneyReserved":
          return { waitsFor: "confirmation" };
        case "CustomerConfirmed":
          return { isConfirmed: true };
        case "MoneySent":
          return { waitsFor: "nothing" };
      }
    },
  });

  const ofShare = (transferId: string) =>
    shareOf(transferId, share.of) === share.index ? transferId : undefined;

  process.startsOn("transfers", (_event, transferId) => ofShare(transferId), {
    TransferRequested: (event, { id, send, setTimer }) => {
      const { from, to, cents, hold = false } = event;
      return [
        { type: "TransferBegun", from, to, cents, hold },
        send.accounts.reserve(from, { transferId: id, to, cents }),
        ...hold ? [setTimer("unconfirmed", { after: CONFIRM_WITHIN })] : [],
      ];
    },
  });

  process.on("transfers", (_event, transferId) => ofShare(transferId), {
    TransferConfirmed: (_event, { id, state, send, cancelTimer }) => {
      const { from, to, cents, waitsFor } = state;
      // Twice, or too late: the money has left.
      if (state.isConfirmed || waitsFor === "nothing") return;
      const confirmed = [
        { type: "CustomerConfirmed" as const },
        cancelTimer("unconfirmed"),
      ];
      if (waitsFor === "reservation") return confirmed;
      return [
        ...confirmed,
        { type: "MoneySent" },
        send.accounts.receive(to, { transferId: id, from, cents }),
      ];
    },
  });

  process.on("accounts", ({ transferId }) => ofShare(transferId), {
    TransferReserved: (_event, { id, state, send }) => {
      const { from, to, cents } = state;
      if (!state.isConfirmed) return { type: "MoneyReserved" };
      return [
        { type: "MoneySent" },
        send.accounts.receive(to, { transferId: id, from, cents }),
      ];
    },

    ReceiptRefused: ({ code }, { id, state: { from, cents }, send }) =>
      send.accounts.takeBack(from, { transferId: id, cents, code }),

    TransferReceived: (_event, { id, send, end }) => [
      send.transfers.complete(id, {}),
      end(),
    ],

    ReservationRefused: ({ code }, { id, send, end }) => [
      send.transfers.fail(id, { code }),
      end(),
    ],

    TransferReturned: ({ code }, { id, send, end }) => [
      send.transfers.fail(id, { code }),
      end(),
    ],
  });

  process.onTimer("unconfirmed", (_timer, { id, state, send, setTimer }) => {
    const code: RefusalCode = "NOT_CONFIRMED";
    const { from, cents, waitsFor } = state;
    // There is nothing to give back yet.
    if (waitsFor === "reservation") {
      return setTimer("unconfirmed", { after: "1h" });
    }
    return [
      { type: "MoneySent" },
      send.accounts.takeBack(from, { transferId: id, cents, code }),
    ];
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
