import { CommandError, DuplicateCommandError } from "../core/errors.ts";

/** Whether an error says for sure that the append which threw it is not stored. */
export function isVerdict(error: unknown): boolean {
  return error instanceof CommandError ||
    error instanceof DuplicateCommandError;
}
