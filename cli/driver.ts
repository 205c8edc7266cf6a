import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "./failure.ts";

/**
 * Loads the driver of a database, which is the application's own: beside this
 * library, or else from the folder where the command is run.
 *
 * @param load Imports it.
 * @param packages What to install if it is not there.
 * @throws {UsageError} Saying what to install.
 */
export async function loadDriver<T>(
  load: () => Promise<T>,
  packages: readonly string[],
  cwd: string,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!isMissing(error)) throw error;
    const found = packages.length === 1
      ? await loadFrom<T>(cwd, packages[0]!)
      : undefined;
    if (found) return found;
    throw new UsageError(
      `This database needs ${packages.join(" and ")}: npm install ${
        packages.join(" ")
      }`,
      { cause: error },
    );
  }
}

async function loadFrom<T>(cwd: string, name: string): Promise<T | undefined> {
  try {
    const file = createRequire(join(cwd, "package.json")).resolve(name);
    return await import(pathToFileURL(file).href);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
}
