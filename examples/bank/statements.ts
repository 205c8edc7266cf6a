import type { EventMeta, StreamHandler } from "evtstore";
import type { AccountEvent } from "./account.ts";
import type { Bank } from "./bank.ts";
import type { ReadModel } from "./read_model.ts";

/** The handler that writes the read model. */
export type Statements<Tx> = StreamHandler<{ accounts: AccountEvent }, Tx>;

/**
 * Writes balances and statements from the events of accounts, exactly once:
 * the handler is transactional, so what a callback writes by its `tx` and the
 * handler's place in the log are committed together, or neither is.
 */
export function createStatements<Tx>(
  { createHandler }: Bank<Tx>,
  readModel: ReadModel<Tx>,
): Statements<Tx> {
  const statements: Statements<Tx> = createHandler(
    "statements",
    ["accounts"],
    { transactional: true },
  );

  const post = (
    tx: Tx,
    meta: EventMeta,
    what: AccountEvent["type"],
    cents: number,
    transferId?: string,
  ) =>
    readModel.post(tx, {
      account: meta.aggregateId,
      version: meta.version,
      what,
      cents,
      transferId,
      at: meta.timestamp,
    });

  statements.handleStream("accounts", {
    AccountOpened: (_id, { type }, meta, tx) => post(tx, meta, type, 0),
    Deposited: (_id, { type, cents }, meta, tx) => post(tx, meta, type, cents),
    Withdrawn: (_id, { type, cents }, meta, tx) => post(tx, meta, type, -cents),
    TransferReserved: (_id, { type, cents, transferId }, meta, tx) =>
      post(tx, meta, type, -cents, transferId),
    TransferReceived: (_id, { type, cents, transferId }, meta, tx) =>
      post(tx, meta, type, cents, transferId),
    TransferReturned: (_id, { type, cents, transferId }, meta, tx) =>
      post(tx, meta, type, cents, transferId),
  });

  return statements;
}
