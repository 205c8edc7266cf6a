import { toStoreError } from "./mongo_errors.ts";
import { Migration } from "./mongo_migration.ts";
import type { Step } from "./mongo_shell.ts";
import { type GivenCollections, resolveCollections } from "./mongo_store.ts";

/** Options of {@linkcode migrate}. */
export type MigrateOptions = GivenCollections & {
  /** Return the statements for `mongosh`, and run none. @default {false} */
  print?: boolean;
};

/**
 * Makes the indexes that `createProvider` needs, and brings the collections of
 * evtstore 12 to what it needs: every event, version and bookmark stays. It may
 * run twice, and beside running applications of this version.
 *
 * Stop what writes by evtstore 12 first: no reader could follow two ways of
 * drawing positions, so `migrate` sets a validator by which an older writer's
 * append is refused with MongoDB's code 121. Older readers go on. A validator
 * of the application's own is kept beside it.
 *
 * @returns Nothing, or with `print` what is missing.
 * @throws {StoreError} `STORE_FAILED` if the collection is not what evtstore 12
 * made: with a collation of its own, or with two events of one version.
 *
 * @example
 * ```ts ignore
 * const statements = await migrate({ events, bookmarks, print: true });
 * await migrate({ events, bookmarks });
 * // As in evtstore 12:
 * await migrate(events, bookmarks);
 * ```
 */
export function migrate(
  options: MigrateOptions & { print: true },
): Promise<string[]>;
/** Makes or upgrades the collections, as above. */
export function migrate(
  options: MigrateOptions & { print?: false },
): Promise<void>;
/** Makes or upgrades the collections, as above. */
export function migrate(
  events: GivenCollections["events"],
  bookmarks: GivenCollections["bookmarks"],
): Promise<void>;
export async function migrate(
  given: MigrateOptions | GivenCollections["events"],
  bookmarks?: GivenCollections["bookmarks"],
): Promise<string[] | void> {
  const options: MigrateOptions = bookmarks === undefined
    ? given as MigrateOptions
    : { events: given as GivenCollections["events"], bookmarks };
  const isPrinted = options.print === true;
  const statements: string[] = [];
  const step: Step = async (text, run) => {
    if (isPrinted) statements.push(text);
    else await run();
  };
  try {
    const collections = await resolveCollections(options);
    await new Migration(collections, step, isPrinted).run();
  } catch (error) {
    throw toStoreError("migrate", error);
  }
  if (isPrinted) return statements;
}
