import { DuplicateCommandError, VersionError } from "../core/errors.ts";
import type { Commit } from "./mongo_documents.ts";
import type { MongoSession } from "./mongo_driver.ts";
import { toNumber } from "./mongo_position.ts";
import { readByIds, readCommand, readLast } from "./mongo_read.ts";
import type { MongoLog } from "./mongo_store.ts";

/**
 * Why a commit cannot be stored, or undefined if nothing stands against it. No
 * index says this: with several keys taken, the server names any of them.
 */
export async function findRefusal(
  log: MongoLog,
  { stream, aggregateId, version, commandId }: Commit,
  session?: MongoSession,
): Promise<DuplicateCommandError | VersionError | undefined> {
  // A repeated command is told so, though its version is outdated as well.
  if (
    commandId !== undefined &&
    await readCommand(log, stream, aggregateId, commandId, session)
  ) {
    return new DuplicateCommandError({ stream, aggregateId, commandId });
  }
  const last = await readLast(log, [stream], aggregateId, session);
  const actualVersion = last?.version ?? 0;
  const expectedVersion = version - 1;
  if (actualVersion === expectedVersion) return undefined;
  return VersionError.of({
    stream,
    aggregateId,
    expectedVersion,
    actualVersion,
  });
}

/**
 * Finds out which commits are stored after all.
 *
 * @returns The last position before each of those that are.
 */
export async function findStored(
  log: MongoLog,
  commits: Commit[],
): Promise<Map<Commit, bigint>> {
  const firsts = commits.map((commit) => commit.documents[0]!._id);
  const found = await readByIds(log, firsts);
  // What has an id of its own is compared as text.
  const heads = new Map(
    found.map((document) => [
      String(document._id),
      toNumber(document.position) - 1n,
    ]),
  );
  const stored = new Map<Commit, bigint>();
  for (const commit of commits) {
    const head = heads.get(String(commit.documents[0]!._id));
    if (head !== undefined) stored.set(commit, head);
  }
  return stored;
}
