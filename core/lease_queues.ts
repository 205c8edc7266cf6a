import type { Lease } from "./lease.ts";

/** The leases that a process has asked for: of each bookmark, in their turn. */
export class LeaseQueues {
  #queues: Map<string, Lease[]> = new Map();

  /** How many bookmarks were asked for. */
  get size(): number {
    return this.#queues.size;
  }

  /** The bookmarks. */
  bookmarks(): string[] {
    return [...this.#queues.keys()];
  }

  /** The bookmarks that others are asked to give way for. */
  wishes(): string[] {
    return this.bookmarks().filter((bookmark) =>
      this.#of(bookmark).some(({ first }) => first)
    );
  }

  /** The handlers that are shared out, and into how many shards. */
  shares(): Record<string, number> {
    const shares: Record<string, number> = {};
    for (const { share } of this.heads()) {
      if (share && !share.isLeaving()) shares[share.handler] = share.shards;
    }
    return shares;
  }

  /** Whose turn it is. */
  head(bookmark: string): Lease | undefined {
    return this.#of(bookmark)[0];
  }

  /** Those whose turn it is. */
  heads(): Lease[] {
    return this.bookmarks().map((bookmark) => this.head(bookmark)!);
  }

  /**
   * One more. A second handler of this process gets it from the one before, and
   * who comes first from whoever has it.
   */
  add(lease: Lease): void {
    const queue = this.#of(lease.bookmark);
    const [head] = queue;
    if (head) lease.lose(head.owner);
    // Who has it keeps its turn until it has given way.
    const before = queue.filter((one) =>
      !lease.first || one.first || one === head && one.owned
    );
    const behind = queue.filter((one) => !before.includes(one));
    this.#queues.set(lease.bookmark, [...before, lease, ...behind]);
    if (lease.first && !head?.first) head?.want();
  }

  /** One less. */
  remove(lease: Lease): void {
    const rest = this.#of(lease.bookmark).filter((one) => one !== lease);
    if (rest.length > 0) this.#queues.set(lease.bookmark, rest);
    else this.#queues.delete(lease.bookmark);
  }

  /**
   * Lets a lease go to the end, behind those that come first.
   *
   * @returns The one of this process that comes first, if there is one.
   */
  moveBack(lease: Lease): Lease | undefined {
    const others = this.#of(lease.bookmark).filter((one) => one !== lease);
    const next = others.find(({ first }) => first);
    const rest = others.filter((one) => one !== next);
    this.#queues.set(lease.bookmark, [...next ? [next] : [], ...rest, lease]);
    return next;
  }

  #of(bookmark: string): Lease[] {
    return this.#queues.get(bookmark) ?? [];
  }
}
