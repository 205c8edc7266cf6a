import { type Commit, versionAfter } from "./nats_commits.ts";

/** How many aggregates are remembered, and how many of their commands. */
const MOST = { aggregates: 10_000, commands: 200_000 };

/** How far an aggregate is known to have come. */
export type Head = {
  /** Of its newest commit; 0 if it has none. */
  readonly sequence: number;
  readonly version: number;
  /** The first version of each command up to it; absent if not looked for. */
  readonly commands?: Map<string, number>;
};

/**
 * The newest known commit of each aggregate, and the ids of its commands. Being
 * behind is harmless: the server compares the commit before each append.
 */
export class Heads {
  #heads = new Map<string, { head: Head; size: number }>();
  #size = 0;
  #most: { aggregates: number; commands: number };

  /** @param most How many are remembered. */
  constructor(most: { aggregates: number; commands: number } = MOST) {
    this.#most = most;
  }

  /** What is known of the aggregate of a subject. */
  get(subject: string): Head | undefined {
    return this.#heads.get(subject)?.head;
  }

  /**
   * Commits of an aggregate were found.
   *
   * @param from No commit between this place and the last of them is left out.
   */
  add(subject: string, from: number, commits: readonly Commit[]): void {
    const last = commits.at(-1);
    if (!last) return;
    const known = this.get(subject);
    const sequence = known?.sequence ?? 0;
    const isJoined = known?.commands !== undefined && from <= sequence + 1;
    // What is known reaches further, or has what this would not have.
    if (last.sequence < sequence || last.sequence === sequence && isJoined) {
      return;
    }
    if (!isJoined && from > 1 && last.sequence === sequence) return;
    const head = { sequence: last.sequence, version: versionAfter(last) };
    if (!isJoined && from > 1) return this.set(subject, head);
    const commands = isJoined ? known.commands! : new Map<string, number>();
    collectCommands(commands, commits);
    this.set(subject, { ...head, commands });
  }

  /** This is known of an aggregate now. */
  set(subject: string, head: Head): void {
    this.forget(subject);
    const size = head.commands?.size ?? 0;
    // The newest goes to the end; the oldest is the first to be forgotten.
    this.#heads.set(subject, { head, size });
    this.#size += size;
    while (
      this.#heads.size > 1 &&
      (this.#heads.size > this.#most.aggregates ||
        this.#size > this.#most.commands)
    ) {
      const [oldest] = this.#heads.keys();
      this.forget(oldest!);
    }
  }

  /** Nothing is known for sure any more. */
  forget(subject: string): void {
    this.#size -= this.#heads.get(subject)?.size ?? 0;
    this.#heads.delete(subject);
  }
}

/** The first versions of the commands in some commits. */
export function collectCommands(
  commands: Map<string, number>,
  commits: readonly Commit[],
): void {
  for (const { command, version } of commits) {
    if (command !== undefined) commands.set(command, version + 1);
  }
}
