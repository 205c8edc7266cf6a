import { StoreError } from "./errors.ts";
import type { Provider } from "./provider.ts";

/**
 * How a transactional handler runs its transactions.
 *
 * @throws {StoreError} `NOT_SUPPORTED` if the provider has none.
 */
export function transactOf(
  provider: Provider<any>,
): <T>(work: (tx: any) => Promise<T>) => Promise<T> {
  if (provider.transact) return (work) => provider.transact!(work);
  throw new StoreError(
    "NOT_SUPPORTED",
    `Cannot run a transactional handler: the ${provider.driver} provider has no transactions; make the callbacks safe to repeat instead`,
    { field: "transactional" },
  );
}
