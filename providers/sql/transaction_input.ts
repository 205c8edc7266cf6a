import { StoreError } from "../../core/errors.ts";

/** What is wrong with a transaction; see `refuseTransaction` of an executor. */
export type TransactionRefusal = "foreign" | "ended" | undefined;

/**
 * Refuses the transaction of a caller that is none of this provider's, or over.
 *
 * @param expected Whose transaction it should be.
 * @throws {StoreError} `INVALID_INPUT` or `TRANSACTION_ENDED`.
 */
export function checkTransaction(
  what: string,
  refusal: TransactionRefusal,
  expected: string,
): void {
  if (refusal === "foreign") {
    throw new StoreError(
      "INVALID_INPUT",
      `Expected tx to be a transaction of ${expected}: got something else`,
      { field: "tx" },
    );
  }
  if (refusal === "ended") {
    throw new StoreError(
      "TRANSACTION_ENDED",
      `Cannot run ${what}: its "tx" is no open transaction; await everything that uses one before its work ends`,
      { field: "tx" },
    );
  }
}
