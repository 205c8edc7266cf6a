import { IncompleteAnswer } from "./nats_errors.ts";
import type { Stored } from "./nats_jetstream.ts";
import type { NatsLog } from "./nats_log.ts";
import { readSubjects } from "./nats_subjects.ts";

/** How many keys to ask for by name at once. */
const KEYS_AT_ONCE = 250;
const BEHIND_MS = 10;

/**
 * The newest message of each key of the bucket, none of which is older than
 * this call. Any server may answer, so each answer must reach what the leader
 * had in the beginning.
 *
 * @param filter The keys, with a wildcard.
 */
export async function readKeys(
  log: NatsLog,
  filter: string,
): Promise<Stored[]> {
  const { jetStream, names: { bucket, keys } } = log;
  const all = `${keys}${filter}`;
  const newest = log.isReplicated
    ? await log.read((ms) => jetStream.last(bucket, all, ms))
    : undefined;
  const least = newest?.sequence ?? 0;
  const found = await readEach(log, [all], least);
  if (found) return newestOfEach(found);
  const stored: Stored[] = [];
  const subjects = await readSubjects(log, bucket, all);
  for (let at = 0; at < subjects.length; at += KEYS_AT_ONCE) {
    const some = subjects.slice(at, at + KEYS_AT_ONCE);
    stored.push(...await readEach(log, some, least) ?? []);
  }
  return newestOfEach(stored);
}

/** The newest message of each subject; undefined if they are too many. */
async function readEach(
  log: NatsLog,
  subjects: string[],
  least: number,
): Promise<Stored[] | undefined> {
  const { jetStream, names: { bucket } } = log;
  const patience = log.patience();
  const found: Stored[] = [];
  for (let from = 1;;) {
    const batch = await log.read(
      (ms) => jetStream.lastOfEach(bucket, subjects, from, ms),
      patience,
    );
    if (batch === undefined) return undefined;
    const { messages, hasMore, upTo } = batch;
    // An answer without a message does not say how far it looked.
    const isBehind = log.isReplicated && upTo < least &&
      (messages.length > 0 || from <= least);
    if (isBehind) {
      if (await patience.pause(BEHIND_MS)) continue;
      throw new IncompleteAnswer();
    }
    found.push(...messages);
    if (!hasMore || messages.length === 0) return found;
    from = messages.at(-1)!.sequence + 1;
  }
}

/** One that changed meanwhile may have been found twice. */
function newestOfEach(stored: Stored[]): Stored[] {
  const bySubject = new Map<string, Stored>();
  for (const message of stored.sort((a, b) => a.sequence - b.sequence)) {
    bySubject.set(message.subject, message);
  }
  return [...bySubject.values()];
}
