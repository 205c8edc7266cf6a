import { isStoredBookmark } from "./bookmark.ts";
import { StoreError } from "./errors.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { checkFailurePolicy, failurePolicyOf } from "./failure_policy.ts";
import { checkHandlerOptions } from "./handler_options_check.ts";
import { checkRecords } from "./handler_parking.ts";
import { transactOf } from "./transact_of.ts";
import { checkName } from "./validation.ts";
import { checkVersion } from "./version_names.ts";

/**
 * Refuses a callback that would never be called.
 *
 * @throws {StoreError} `INVALID_INPUT`, naming the stream or the callback.
 */
export function checkCallback(
  bookmark: string,
  streams: string[],
  stream: string,
  type: string,
  callback: unknown,
): void {
  if (!streams.includes(stream)) {
    throw new StoreError(
      "INVALID_INPUT",
      `Cannot handle "${type}" of stream "${stream}" in handler "${bookmark}": it reads ${
        streams.map((name) => `"${name}"`).join(", ")
      } only`,
      { field: "stream", stream, bookmark },
    );
  }
  if (typeof callback === "function") return;
  throw new StoreError(
    "INVALID_INPUT",
    `Expected the callback of "${type}" in handler "${bookmark}" to be a function: got ${typeof callback}`,
    { field: "callback", stream, bookmark },
  );
}

/**
 * Refuses a handler that could not work.
 *
 * @throws {StoreError} `INVALID_INPUT` or `NOT_SUPPORTED`, naming the option.
 */
export function checkHandler(options: EventHandlerOptions): void {
  const { bookmark, streams, provider, transactional } = options;
  if (typeof bookmark === "string") checkName("bookmark", bookmark);
  if (streams.length === 0) {
    throw new StoreError(
      "INVALID_INPUT",
      "Cannot create a handler that is subscribed to no streams: name at least one",
      { field: "streams" },
    );
  }
  for (const stream of streams) checkName("streams", stream);
  checkHandlerOptions(options);
  checkFailurePolicy(options);
  checkVersion(options);
  const parks = failurePolicyOf(options).onFailure === "park";
  if ((transactional || parks) && !isStoredBookmark(bookmark)) {
    const kind = transactional
      ? "a transactional handler"
      : "a handler that parks";
    throw new StoreError(
      "INVALID_INPUT",
      `Cannot create ${kind} without a bookmark in its provider: give the bookmark as a name`,
      { field: "bookmark" },
    );
  }
  if ("then" in provider) return;
  if (transactional) transactOf(provider);
  if (parks) checkRecords(provider);
}
