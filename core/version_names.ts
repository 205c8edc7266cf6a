import { isStoredBookmark } from "./bookmark.ts";
import { StoreError } from "./errors.ts";
import type { EventHandlerOptions } from "./event_handler_options.ts";
import { checkName } from "./validation.ts";

/** A handler that has a number. */
export type NumberedHandler = {
  /** The name that all its versions share. */
  name: string;
  /** Its own. */
  version: number;
};

/** The bookmark of a version. The first has the name itself, as ever. */
export function bookmarkOf(name: string, version: number): string {
  return version === 1 ? name : `${name}@version-${version}`;
}

/** The bookmark that keeps the place at which a version has taken over. */
export function takeOverPlaceOf(name: string, version: number): string {
  return `${bookmarkOf(name, version)}@from`;
}

/** The options with the bookmark of their version. */
export function withOwnBookmark(
  options: EventHandlerOptions,
): EventHandlerOptions {
  const { bookmark, version = 1 } = options;
  if (typeof bookmark !== "string") return options;
  return { ...options, bookmark: bookmarkOf(bookmark, version) };
}

/**
 * Refuses a version that cannot take over from another.
 *
 * @throws {StoreError} `INVALID_INPUT` or `NOT_SUPPORTED`, naming the option.
 */
export function checkVersion(options: EventHandlerOptions): void {
  const { bookmark, version, provider } = options;
  if (version === undefined) return;
  if (!Number.isSafeInteger(version) || version < 1) {
    throw invalid(
      `Expected version to be a whole number from 1: got ${version}`,
    );
  }
  if (!isStoredBookmark(bookmark)) {
    throw invalid(
      "Cannot give a version to a handler without a bookmark in its provider: give the bookmark as a name",
    );
  }
  if (!("then" in provider) && !provider.records) {
    throw new StoreError(
      "NOT_SUPPORTED",
      `Cannot give a version to a handler: the ${provider.driver} provider keeps no records; give the new one another bookmark`,
      { field: "version" },
    );
  }
  if (version === 1) return;
  checkName("bookmark", takeOverPlaceOf(bookmark, version));
  for (const option of ["tailStream", "alwaysTailStream"] as const) {
    if (!options[option]) continue;
    throw invalid(
      `Cannot combine ${option} with version ${version}: a rebuild begins with the first event, and meta.replay says which were handled before`,
    );
  }
  if (options.exclusive === false) {
    throw invalid(
      `Cannot combine exclusive: false with version ${version}: to take over it has to be the only one at work`,
    );
  }
}

function invalid(message: string): StoreError {
  return new StoreError("INVALID_INPUT", message, { field: "version" });
}
