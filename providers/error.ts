/**
 * The errors under the name that evtstore 12 gave them.
 *
 * @module
 */
export { CommandError, VersionError } from "../core/errors.ts";
