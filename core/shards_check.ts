import { isStoredBookmark } from "./bookmark.ts";
import { StoreError } from "./errors.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import type { Provider } from "./provider.ts";
import { sliceBookmark, SLICES } from "./slices.ts";
import { checkName } from "./validation.ts";

/**
 * Refuses a handler that cannot be shared out.
 *
 * @returns Into how many parts it is.
 * @throws {StoreError} `INVALID_INPUT` or `NOT_SUPPORTED`, naming the option.
 */
export function checkShards(options: EventHandlerOptions): number {
  const { bookmark, shards = 1, version = 1, provider } = options;
  if (!Number.isInteger(shards) || shards < 1 || shards > SLICES) {
    throw invalid(
      "shards",
      `Expected shards to be a whole number from 1 to ${SLICES}: got ${shards}`,
    );
  }
  if (!isStoredBookmark(bookmark)) {
    throw invalid(
      "bookmark",
      "Cannot share out a handler without a bookmark in its provider: give the bookmark as a name, or leave out shards",
    );
  }
  checkName("bookmark", bookmark);
  checkName("bookmark", sliceBookmark(bookmark, 0));
  if (options.exclusive === false) {
    throw invalid(
      "exclusive",
      "Cannot combine shards with exclusive: false: each slice has one process that works on it; leave out one of them",
    );
  }
  if (version > 1) {
    throw invalid(
      "version",
      `Cannot combine shards with version ${version}: a rebuild takes over one place, not one of each slice; give the new one another bookmark`,
    );
  }
  if (options.alwaysTailStream) {
    throw invalid(
      "alwaysTailStream",
      "Cannot combine shards with alwaysTailStream: a slice that changes hands goes on where it stood; use tailStream",
    );
  }
  if (!("then" in provider)) checkShardsOf(provider);
  return shards;
}

/**
 * Refuses a provider over which no handler can be shared out.
 *
 * @throws {StoreError} `NOT_SUPPORTED`
 */
export function checkShardsOf(provider: Provider<any>): void {
  if (provider.records) return;
  throw new StoreError(
    "NOT_SUPPORTED",
    `Cannot share out a handler: the ${provider.driver} provider keeps no records; leave out shards`,
    { field: "shards" },
  );
}

function invalid(field: string, message: string): StoreError {
  return new StoreError("INVALID_INPUT", message, { field });
}
