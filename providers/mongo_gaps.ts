import type { Commit, EventDocument } from "./mongo_documents.ts";
import { ENDS } from "./mongo_documents.ts";
import { type KnownVersions, toKey } from "./mongo_known_versions.ts";
import { toNumber } from "./mongo_position.ts";
import type { MongoLog } from "./mongo_store.ts";
import { readUnfolded } from "./mongo_unfold.ts";

/**
 * Finds commits that would leave a gap: the event before them is missing. No
 * index can refuse those.
 */
export async function findMissing(
  log: MongoLog,
  commits: Commit[],
  known: KnownVersions,
): Promise<Commit[]> {
  const doubtful = commits.filter(({ stream, aggregateId, version }) =>
    !known.has(stream, aggregateId, version - 1)
  );
  if (doubtful.length === 0) return [];
  const $or = doubtful.map(({ stream, aggregateId, version }) => (
    { stream, aggregateId, version: version - 1 }
  ));
  // Whole if one of them waits to be unfolded, which is seldom.
  let projection: object = { ...ENDS, stream: 1, aggregateId: 1 };
  const found: EventDocument[] = await readUnfolded(log, async () => {
    const documents: EventDocument[] = await log.events
      .find({ $or }, { ...log.reading, projection }).toArray();
    if (!documents.some(({ more }) => more)) return documents;
    projection = {};
    return await log.events.find({ $or }, log.reading).toArray();
  });
  for (const { stream, aggregateId, version, position } of found) {
    known.add(stream, aggregateId, version, toNumber(position));
  }
  const isThere = new Set(
    found.map((one) => `${one.version} ${toKey(one.stream, one.aggregateId)}`),
  );
  return doubtful.filter(({ stream, aggregateId, version }) =>
    !isThere.has(`${version - 1} ${toKey(stream, aggregateId)}`)
  );
}
