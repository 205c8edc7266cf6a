import { CommandError, VersionError } from "./errors.ts";

/** Whether a command was refused, and not only overtaken. */
export function isRefusal(error: unknown): error is CommandError {
  return error instanceof CommandError && !(error instanceof VersionError);
}
