import { createAggregate, type StorableAggregate } from "evtstore";
import type { RefusalCode } from "./account.ts";

/** What can happen to a transfer. Each comes to one of the last three. */
export type TransferEvent =
  | {
    type: "TransferRequested";
    from: string;
    to: string;
    cents: number;
    /** Whether the money waits until the customer confirms. */
    hold?: true;
  }
  | { type: "TransferConfirmed" }
  | { type: "TransferCompleted" }
  | { type: "TransferFailed"; code: RefusalCode }
  | {
    type: "TransferRefused";
    from: string;
    to: string;
    cents: number;
    code: RefusalCode;
  };

/** What a transfer has come to. */
export type Transfer = {
  /** Money is on its way while it is pending, and at no other time. */
  status: "new" | "pending" | "completed" | "failed";
  /** Why it failed; empty unless it did. */
  refusal: RefusalCode | "";
};

/** A transfer of money between two accounts. */
export const transfer: StorableAggregate<TransferEvent, Transfer, "transfers"> =
  createAggregate({
    stream: "transfers",
    create: (): Transfer => ({ status: "new", refusal: "" }),
    fold: (event: TransferEvent): Partial<Transfer> => {
      switch (event.type) {
        case "TransferRequested":
          return { status: "pending" };
        case "TransferConfirmed":
          return {};
        case "TransferCompleted":
          return { status: "completed" };
        case "TransferFailed":
        case "TransferRefused":
          return { status: "failed", refusal: event.code };
      }
    },
  });
