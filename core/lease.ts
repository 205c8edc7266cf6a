import type { Share } from "./share_out.ts";

/** Who handles a bookmark. */
export type HandlerOwner = {
  /** The process, as the store knows it. */
  member: string;
  /** The process, as its machine knows it: host and process id, where known. */
  process: string;
  /** Whether it is this process. */
  self: boolean;
};

/** What a lease asks of the membership that gave it. */
type Giver = {
  isFresh(): boolean;
  release(lease: Lease): Promise<void>;
  giveWay(lease: Lease): Promise<void>;
};

/** The standing of one handler towards its bookmark: it owns it or waits. */
export class Lease {
  /** What is owned. */
  readonly bookmark: string;
  /** Whether it comes before those who have it, or wait for it. */
  readonly first: boolean;
  /** How it is shared out; undefined if whoever comes first has it. */
  readonly share: Share | undefined;
  /** The revision of the record that names this process; undefined if none does. */
  revision: number | undefined;
  /** Who owns it, as far as was seen. */
  owner: HandlerOwner | undefined;
  /** Grows each time it is gained: what was known before is then old. */
  term = 0;
  /** Whether it ever had to wait for somebody else's turn to end. */
  waited = false;
  /** Passes a failure to reach the store on. */
  readonly report: (error: unknown) => void;
  #changed: () => void;
  #giver: Giver;
  #confirmed = false;
  #foundFree = false;
  #wanted = false;

  /** Made by {@linkcode Membership.ask}. */
  constructor(
    bookmark: string,
    changed: () => void,
    report: (error: unknown) => void,
    giver: Giver,
    first = false,
    share?: Share,
  ) {
    this.bookmark = bookmark;
    this.first = first;
    this.share = share;
    this.report = report;
    this.#changed = changed;
    this.#giver = giver;
  }

  /** Whether its handler may work now; to be asked before each event. */
  held(): boolean {
    return this.#confirmed && !this.#wanted && this.#giver.isFresh();
  }

  /** Whether it was owned at the last look. */
  get owned(): boolean {
    return this.#confirmed;
  }

  /** Whether the last look found it free and left it to another process. */
  get foundFree(): boolean {
    return this.#foundFree;
  }

  /** Whether its handler is to store its place and give way to who comes first. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Somebody who comes first asks for it. */
  want(): void {
    if (this.#wanted || !this.#confirmed) return;
    this.#wanted = true;
    this.#changed();
  }

  /** Gives it to who comes first, and asks for it again. */
  giveWay(): Promise<void> {
    return this.#giver.giveWay(this);
  }

  /** Gives it back; the next one can take it at once. */
  release(): Promise<void> {
    return this.#giver.release(this);
  }

  /** The store says that it is owned, at this revision. */
  keep(revision: number, owner: HandlerOwner): void {
    const news = !this.#confirmed || this.revision !== revision;
    if (this.revision !== revision) {
      this.term++;
      this.#wanted = false;
    }
    this.revision = revision;
    this.owner = owner;
    this.#confirmed = true;
    this.#foundFree = false;
    if (news) this.#changed();
  }

  /** The store says that it is somebody else's, or free. */
  lose(owner: HandlerOwner | undefined): void {
    const news = this.#confirmed;
    this.waited = true;
    this.#wanted = false;
    this.revision = undefined;
    this.owner = owner;
    this.#confirmed = false;
    this.#foundFree = owner === undefined;
    if (news) this.#changed();
  }

  /** It may have been lost: not held until the store says so. */
  suspend(): void {
    this.#confirmed = false;
  }
}
