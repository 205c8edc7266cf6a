import { type Clock, sleepUnless } from "./clock.ts";
import { Heartbeat, MEMBER } from "./heartbeat.ts";
import { type HandlerOwner, Lease } from "./lease.ts";
import { LeaseQueues } from "./lease_queues.ts";
import type { Provider } from "./provider.ts";
import { listAll, type Records } from "./records.ts";
import { isChosen } from "./rendezvous.ts";
import { type Share, SharedHandlers } from "./share_out.ts";
import { ObservedMembers } from "./observed_members.ts";
import { OwnerRecords } from "./owner_records.ts";
import { processName } from "./process_name.ts";

/** How often a process shows that it lives. */
const HEARTBEAT_MS = 2000;
/** How often it looks at the others while it waits for one of them. */
const LOOK_MS = 1000;
/** After so many failures in a row one is reported again. */
const REPORT_EVERY = 10;

const memberships = new WeakMap<object, Membership>();

/** The membership of this process in a provider's store; one for all handlers. */
export function membershipOf(
  provider: Provider<any>,
  records: Records,
  clock: Clock,
): Membership {
  let membership = memberships.get(provider);
  if (!membership) {
    membership = new Membership(records, clock);
    memberships.set(provider, membership);
  }
  return membership;
}

/**
 * Keeps one handler a bookmark at work over all processes, without trusting
 * any clock but its own.
 *
 * Each process has one record whose revision it raises: its heartbeat. A
 * bookmark's record names the process that owns it, and changes hands only by
 * compare and set: when it was given back, or when its owner's revision has
 * stood still for five seconds of the observer's own time. However many
 * handlers there are, a process writes one heartbeat.
 *
 * Ownership only avoids double work. What makes it safe is that a bookmark
 * moves by compare and set: Kleppmann, "How to do distributed locking", calls
 * that the fencing token.
 */
export class Membership {
  #records: Records;
  #clock: Clock;
  #leases: LeaseQueues = new LeaseQueues();
  #heartbeat: Heartbeat;
  #members: ObservedMembers;
  #owners: OwnerRecords;
  #shown = "";
  #failures = 0;
  #stopping: AbortController | undefined;
  #nudge: AbortController = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  /**
   * @param records Where the processes see each other.
   * @param clock What its pauses are measured with.
   */
  constructor(records: Records, clock: Clock) {
    this.#records = records;
    this.#clock = clock;
    this.#heartbeat = new Heartbeat(records, clock);
    this.#members = new ObservedMembers(clock);
    this.#owners = new OwnerRecords(records, this.#leases, {
      id: () => this.id,
      ownerOf: (id) => this.#owner(id),
    });
  }

  /** The key of this process in the store. */
  get id(): string {
    return this.#heartbeat.id;
  }

  /**
   * Asks to own a bookmark. The answer comes by `lease.held()`, and `changed`
   * is called whenever it may have become another one.
   *
   * @param bookmark What to own.
   * @param changed Called when the lease was gained or lost.
   * @param report Told of failures to reach the store.
   * @param first Whether whoever has it is asked to give way.
   * @param share How it is shared out, if it is.
   */
  ask(
    bookmark: string,
    changed: () => void,
    report: (error: unknown) => void,
    first = false,
    share?: Share,
  ): Lease {
    const giver = {
      isFresh: () => this.#heartbeat.isFresh,
      release: (one: Lease) => this.#release(one),
      giveWay: (one: Lease) => this.#giveWay(one),
    };
    const lease: Lease = new Lease(
      ...[bookmark, changed, report, giver, first, share] as const,
    );
    this.#leases.add(lease);
    if (!this.#stopping) {
      const stopping = this.#stopping = new AbortController();
      this.#loop = this.#loop.then(() => this.#run(stopping.signal));
    }
    this.#nudge.abort();
    return lease;
  }

  /** Looks at once, as something has changed that others should know. */
  lookSoon(): void {
    this.#nudge.abort();
  }

  async #run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      // Before the turn, which may be too late for who asks during it.
      const nudge = this.#nudge = new AbortController();
      try {
        await this.#turn();
        this.#failures = 0;
      } catch (error) {
        if (this.#failures++ % REPORT_EVERY === 0) this.#report(error);
      }
      await sleepUnless(this.#clock, LOOK_MS, stop, nudge);
    }
    await this.#leave();
  }

  async #turn(): Promise<void> {
    const due = this.#heartbeat.age() >= HEARTBEAT_MS ||
      this.#shown !== this.#toShow();
    if (due) await this.#showLife();
    if (due || this.#leases.heads().some(({ owned }) => !owned)) {
      await this.#look();
    }
  }

  /** Raises the revision of the record that others watch. */
  async #showLife(): Promise<void> {
    const shown = this.#toShow();
    const value = { process: processName(), ...JSON.parse(shown) };
    const suspend = () => this.#suspend();
    if (!await this.#heartbeat.show(value, suspend)) return;
    this.#shown = shown;
  }

  /** What this process asks of the others, and shares with them. */
  #toShow(): string {
    const wants = this.#leases.wishes();
    const shares = this.#leases.shares();
    return JSON.stringify({
      ...wants.length > 0 && { wants },
      ...Object.keys(shares).length > 0 && { shares },
    });
  }

  #suspend(): void {
    for (const head of this.#leases.heads()) head.suspend();
  }

  /** Sees who lives and who owns what; takes what is free. */
  async #look(): Promise<void> {
    const sentAt = this.#clock.monotonic();
    // The owners first: the process of each owner seen has its record already.
    const owners = await this.#owners.list();
    const members = await listAll(this.#records, MEMBER);
    this.#members.observe(members, sentAt);
    const alive = this.#members.alive(sentAt);
    const shared = this.#shared(alive);
    const free: [Lease, number][] = [];
    for (const bookmark of this.#leases.bookmarks()) {
      const lease = this.#leases.head(bookmark);
      if (!lease) continue;
      const record = owners.get(bookmark);
      const owner: string | undefined = record?.value.member;
      const heir = lease.share && shared.ownerOf(lease.share);
      const wanted = lease.share
        ? heir !== this.id
        : !lease.first && this.#isWanted(bookmark, alive);
      if (owner === this.id && lease.owned) {
        lease.keep(record!.revision, this.#owner(owner));
        if (wanted) lease.want();
      } else if (owner === this.id) {
        // Whoever took it for dead may have a write on its way: this one, by
        // compare and set, comes before that or learns of it.
        await this.#take(lease, record!.revision);
      } else if (owner !== undefined && alive.includes(owner)) {
        lease.lose(this.#owner(owner));
      } else if (
        wanted || record && !heir && !this.#isFirst(lease, alive)
      ) {
        lease.lose(undefined);
      } else if (heir) {
        free.push([lease, record?.revision ?? 0]);
      } else await this.#take(lease, record?.revision ?? 0);
    }
    // Many at once, where a handler has many.
    await Promise.all(free.map((one) => this.#take(...one)));
    await this.#owners.giveBack(owners);
    await this.#forgetTheDead(sentAt);
  }

  /** Who of those that live shares which handlers. */
  #shared(alive: string[]): SharedHandlers {
    const shared = new SharedHandlers();
    const others = alive.filter((id) => id !== this.id);
    for (const id of others) shared.add(id, this.#members.sharesOf(id));
    shared.add(this.id, this.#leases.shares());
    return shared;
  }

  /**
   * Whether it is this process's turn for what has become free: the orphans of
   * a dead one are shared out by chance. One that does not handle the bookmark
   * cannot take it, so the others do at their next look.
   */
  #isFirst({ bookmark, foundFree, first }: Lease, alive: string[]): boolean {
    return first || foundFree || isChosen(bookmark, this.id, alive);
  }

  /** Whether another process asks for it, of those that live. */
  #isWanted(bookmark: string, alive: string[]): boolean {
    return alive.some((id) =>
      id !== this.id && this.#members.wishesOf(id).includes(bookmark)
    );
  }

  async #take(lease: Lease, revision: number): Promise<void> {
    if (this.#heartbeat.age() >= HEARTBEAT_MS) await this.#showLife();
    await this.#owners.take(lease, revision);
  }

  async #release(lease: Lease): Promise<void> {
    this.#leases.remove(lease);
    await this.#owners.handOver(lease, this.#leases.head(lease.bookmark));
    // The wish is over, for the others as well.
    if (lease.first) this.#nudge.abort();
    if (this.#leases.size > 0) return;
    this.#stopping?.abort();
    this.#stopping = undefined;
    await this.#loop;
  }

  async #giveWay(lease: Lease): Promise<void> {
    await this.#owners.handOver(lease, this.#leases.moveBack(lease));
  }

  async #leave(): Promise<void> {
    this.#suspend();
    this.#members.clear();
    await this.#heartbeat.end();
  }

  async #forgetTheDead(now: number): Promise<void> {
    for (const { id, revision } of this.#members.longDead(now)) {
      if (id !== this.id) await this.#records.remove(MEMBER, id, { revision });
    }
  }

  #owner(id: string): HandlerOwner {
    const process = id === this.id
      ? processName()
      : this.#members.processOf(id);
    return { member: id, process, self: id === this.id };
  }

  #report(error: unknown): void {
    this.#leases.heads()[0]?.report(error);
  }
}
