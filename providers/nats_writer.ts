import { StoreError, VersionError } from "../core/errors.ts";
import {
  duplicateCommand,
  type NewCommit,
  toCommit,
  versionAfter,
} from "./nats_commits.ts";
import {
  isConflict,
  isNobody,
  isRefusedForNow,
  isUnanswered,
} from "./nats_errors.ts";
import type { Head, Heads } from "./nats_heads.ts";
import type { NatsLog, Patience } from "./nats_log.ts";
import { readCommands } from "./nats_read.ts";
import { isVerdict } from "./verdict.ts";

/** How often a leader is asked that seems to be behind. */
const LOOKS = 3;
const BEHIND_MS = 100;
const CONFLICT_MS = 10;

/**
 * Stores commits. Each names the commit that it comes after, and the server
 * stores it if that is still the newest of the aggregate. So it can be sent
 * again, and is stored at most once, by whatever server leads.
 */
export class NatsWriter {
  #heads: Heads;

  /** @param heads What is known of aggregates. */
  constructor(heads: Heads) {
    this.#heads = heads;
  }

  /**
   * Stores a commit.
   *
   * @returns Its place in the stream.
   * @throws {StoreError} `OUTCOME_UNKNOWN` if it was sent and nobody answered.
   */
  async append(log: NatsLog, commit: NewCommit): Promise<number> {
    const { subject, commandId, version } = commit;
    const head = await this.#findHead(log, commit);
    if (commandId !== undefined && head.commands?.has(commandId)) {
      throw duplicateCommand(commit);
    }
    if (head.version !== version) throw versionError(commit, head.version);
    const sequence = await this.#publish(log, commit, head.sequence);
    const { commands } = head;
    if (commandId !== undefined) commands?.set(commandId, version + 1);
    // Another append of this process may know more by now.
    if (sequence > (this.#heads.get(subject)?.sequence ?? 0)) {
      this.#heads.set(subject, {
        sequence,
        version: version + commit.count,
        ...commands && { commands },
      });
    }
    return sequence;
  }

  /** The head that the commit comes after, if that is what there is. */
  async #findHead(log: NatsLog, commit: NewCommit): Promise<Head> {
    const { subject, version, commandId } = commit;
    const known = this.#heads.get(subject);
    // Of a new aggregate there is nothing to read, unless it is none.
    if (!known && version === 0) {
      return { sequence: 0, version: 0, commands: new Map() };
    }
    const isKnown = known?.version === version &&
      (commandId === undefined || known.commands !== undefined);
    if (isKnown) return known;
    for (let looks = 1;; looks++) {
      const head = await this.#look(log, subject, commandId !== undefined);
      // A leader that was stopped may not know yet that it leads no more.
      const maybeBehind = log.isReplicated && head.version < version;
      if (!maybeBehind || looks === LOOKS) return head;
      await log.patience().pause(BEHIND_MS);
    }
  }

  async #look(
    log: NatsLog,
    subject: string,
    hasCommand: boolean,
  ): Promise<Head> {
    if (hasCommand) return await readCommands(log, this.#heads, subject);
    const { jetStream, names: { stream } } = log;
    const last = await log.read((ms) => jetStream.last(stream, subject, ms));
    const known = this.#heads.get(subject);
    if (last && known?.sequence === last.sequence) return known;
    const head = last
      ? { sequence: last.sequence, version: versionAfter(toCommit(last)) }
      : { sequence: 0, version: 0, commands: new Map() };
    this.#heads.set(subject, head);
    return head;
  }

  async #publish(
    log: NatsLog,
    commit: NewCommit,
    after: number,
  ): Promise<number> {
    const sent = { isUnanswered: false };
    try {
      return await this.#send(log, commit, after, sent);
    } catch (error) {
      if (isVerdict(error)) throw error;
      this.#heads.forget(commit.subject);
      throw sent.isUnanswered ? outcomeUnknown(commit, error) : error;
    }
  }

  async #send(
    log: NatsLog,
    commit: NewCommit,
    after: number,
    sent: { isUnanswered: boolean },
  ): Promise<number> {
    const { jetStream, names: { stream } } = log;
    const { subject, text, id } = commit;
    const patience = log.patience();
    for (let conflicts = 0;;) {
      let pause: number | undefined;
      log.checkOpen("append");
      try {
        const { sequence } = await jetStream.publish(stream, subject, text, {
          "Nats-Msg-Id": id,
          "Nats-Expected-Last-Subject-Sequence": String(after),
        }, patience.attemptMs);
        return sequence;
      } catch (error) {
        if (isConflict(error)) {
          const found = await this.#settle(log, commit, after, patience);
          if (found !== undefined) return found;
          pause = CONFLICT_MS * Math.min(5, ++conflicts);
        } else if (isUnanswered(error)) {
          sent.isUnanswered = true;
          patience.missed();
        } else if (isNobody(error)) {
          await log.checkExists(patience.attemptMs);
        } else if (!isRefusedForNow(error)) {
          throw error;
        }
        if (!await patience.pause(pause)) throw error;
      }
    }
  }

  /**
   * Finds out what came after the commit that this one was to come after: this
   * one, sent before, or another.
   *
   * @returns Where it is stored; undefined if that is not to be seen yet.
   */
  async #settle(
    log: NatsLog,
    commit: NewCommit,
    after: number,
    patience: Patience,
  ): Promise<number | undefined> {
    const { jetStream, names: { stream } } = log;
    const { subject, id, commandId } = commit;
    const next = await log.read(
      (ms) => jetStream.next(stream, subject, after + 1, ms),
      patience,
    );
    if (next === undefined) return undefined;
    const found = toCommit(next);
    if (found.id === id) return found.sequence;
    if (commandId !== undefined) {
      const { commands } = await readCommands(log, this.#heads, subject);
      if (commands.has(commandId)) throw duplicateCommand(commit);
    }
    const last = await log.read((ms) => jetStream.last(stream, subject, ms));
    throw versionError(
      commit,
      versionAfter(last ? toCommit(last) : found),
    );
  }
}

function versionError(
  { stream, aggregateId, version }: NewCommit,
  actualVersion: number,
): VersionError {
  return VersionError.of({
    stream,
    aggregateId,
    expectedVersion: version,
    actualVersion,
  });
}

function outcomeUnknown(
  { stream, aggregateId }: NewCommit,
  cause: unknown,
): StoreError {
  return new StoreError(
    "OUTCOME_UNKNOWN",
    `Cannot tell whether the append to "${aggregateId}" of stream "${stream}" was stored: no server has answered; read the aggregate, or send the command again with a commandId`,
    { stream, aggregateId, cause },
  );
}
