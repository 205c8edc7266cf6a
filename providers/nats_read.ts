import type { StoredCommand } from "../core/catalog.ts";
import type { Event, StoreEvent } from "../core/event.ts";
import type { EventPage } from "../core/provider.ts";
import {
  type Commit,
  fromSubject,
  toCommit,
  toStoreEvents,
  toSubject,
  versionAfter,
} from "./nats_commits.ts";
import { collectCommands, type Head, type Heads } from "./nats_heads.ts";
import type { NatsLog } from "./nats_log.ts";
import { toToken } from "./nats_names.ts";
import { COMMIT_SIZE, firstAfter, toPosition } from "./nats_position.ts";

/** The most messages to ask for at once. */
const BATCH = 500;
/** How many more are asked for each time: others may have none of the stream. */
const GROWTH = 4;
/** How long to wait for a server that is behind, in milliseconds. */
const BEHIND_MS = 10;

/**
 * Commits from a place on, to the end. Any server of a replicated stream may
 * answer, and be behind: whether it is the end, the leader says.
 *
 * @param wanted How many to ask for at first.
 */
async function* follow(
  log: NatsLog,
  from: number,
  wanted: number,
  subject?: string,
): AsyncGenerator<Commit[]> {
  const { jetStream, names: { stream, commits } } = log;
  const patience = log.patience();
  let count = Math.max(1, Math.min(BATCH, wanted));
  for (let next = from;;) {
    const { messages, hasMore } = await log.read(
      (ms) => jetStream.batch(stream, next, count, ms, subject),
    );
    if (messages.length > 0) {
      next = messages.at(-1)!.sequence + 1;
      yield messages.map(toCommit);
    }
    count = Math.min(BATCH, count * GROWTH);
    if (hasMore) continue;
    if (!log.isReplicated) return;
    const missing = await log.read(
      (ms) => jetStream.next(stream, subject ?? `${commits}>`, next, ms),
    );
    if (missing === undefined) return;
    next = missing.sequence + 1;
    yield [toCommit(missing)];
    await patience.pause(BEHIND_MS);
  }
}

/** Events of some streams after a position, in their order. */
export async function readPage<E extends Event>(
  log: NatsLog,
  streams: string[],
  position: number,
  limit: number,
): Promise<EventPage<E>> {
  const { commits: prefix } = log.names;
  const wanted = new Set(streams.map(toToken));
  const page: EventPage<E> = [];
  let last = 0;
  for await (const commits of follow(log, firstAfter(position), limit)) {
    for (const commit of commits) {
      last = commit.sequence;
      const { subject } = commit;
      const end = subject.indexOf(".", prefix.length);
      if (!wanted.has(subject.slice(prefix.length, end))) continue;
      for (const stored of toStoreEvents<E>(log.names, commit)) {
        if (stored.position <= position) continue;
        page.push(stored);
        if (page.length >= limit) return page;
      }
    }
  }
  // What is stored later has a higher sequence than all that is there.
  page.scannedTo = Math.max(position, last * COMMIT_SIZE);
  return page;
}

/** The events of one aggregate after a position. */
export async function readAggregate<E extends Event>(
  log: NatsLog,
  heads: Heads,
  { stream, aggregateId, position, limit }: {
    stream: string;
    aggregateId: string;
    position: number;
    limit: number;
  },
): Promise<StoreEvent<E>[]> {
  const subject = toSubject(log.names, stream, aggregateId);
  const found: StoreEvent<E>[] = [];
  const from = firstAfter(position);
  let next = from;
  for await (const commits of follow(log, from, limit, subject)) {
    heads.add(subject, next, commits);
    next = commits.at(-1)!.sequence + 1;
    for (const commit of commits) {
      for (const stored of toStoreEvents<E>(log.names, commit)) {
        if (stored.position > position) found.push(stored);
      }
    }
    if (found.length >= limit) return found.slice(0, limit);
  }
  return found;
}

/**
 * The newest commit of an aggregate and the ids of all of its commands. It
 * looks through its commits, those apart that were looked through before.
 */
export async function readCommands(
  log: NatsLog,
  heads: Heads,
  subject: string,
): Promise<Required<Head>> {
  const known = heads.get(subject);
  const commands = new Map(known?.commands);
  let { sequence, version } = known?.commands
    ? known
    : { sequence: 0, version: 0 };
  for await (const commits of follow(log, sequence + 1, BATCH, subject)) {
    collectCommands(commands, commits);
    const last = commits.at(-1)!;
    sequence = last.sequence;
    version = versionAfter(last);
  }
  const head = { sequence, version, commands };
  if (sequence >= (heads.get(subject)?.sequence ?? 0)) heads.set(subject, head);
  return head;
}

/** The commands whose first event stands behind `after`, and not `upTo`. */
export async function readCommandsBetween(
  log: NatsLog,
  after: number,
  upTo: number,
): Promise<StoredCommand[]> {
  const found: StoredCommand[] = [];
  const from = firstAfter(after);
  const wanted = firstAfter(upTo) - from + 1;
  for await (const commits of follow(log, from, wanted)) {
    for (const { sequence, subject, version, command, events } of commits) {
      const first = toPosition(sequence, events.length - 1);
      if (first > upTo) return found;
      if (command === undefined || first <= after) continue;
      found.push({
        ...fromSubject(log.names, subject),
        version: version + 1,
        commandId: command,
      });
    }
  }
  return found;
}

/** The newest event of some streams, or of an aggregate in them. */
export async function readLast<E extends Event>(
  log: NatsLog,
  streams: string[],
  aggregateId: string | undefined,
): Promise<StoreEvent<E> | undefined> {
  const { jetStream, names } = log;
  const found = await Promise.all(streams.map((stream) => {
    const subject = aggregateId === undefined
      ? `${names.commits}${toToken(stream)}.>`
      : toSubject(names, stream, aggregateId);
    return log.read((ms) => jetStream.last(names.stream, subject, ms));
  }));
  const newest = found
    .filter((message) => message !== undefined)
    .sort((a, b) => b.sequence - a.sequence)[0];
  return newest && toStoreEvents<E>(names, toCommit(newest)).at(-1);
}

/** The position of the newest event; 0 if there is none. */
export async function readEnd(log: NatsLog): Promise<number> {
  const { jetStream, names: { stream } } = log;
  const { state } = await log.read(
    (ms) => jetStream.ask(`STREAM.INFO.${stream}`, undefined, ms),
  );
  return state.last_seq * COMMIT_SIZE;
}
