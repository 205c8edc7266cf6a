import type { HandlerOwner, Lease } from "./lease.ts";
import type { LeaseQueues } from "./lease_queues.ts";
import { listAll, type Records, type StoredRecord } from "./records.ts";

/** Records of who handles what; the key is the bookmark. */
export const OWNER = "evtstore.owner";

/** Who this process is, and who the others are. */
type Member = {
  id(): string;
  ownerOf(id: string): HandlerOwner;
};

/**
 * Who owns which bookmark, as the store knows it. A record changes hands only by
 * compare and set.
 */
export class OwnerRecords {
  #records: Records;
  #leases: LeaseQueues;
  #member: Member;

  /**
   * @param records Where the processes see each other.
   * @param leases What this process has asked for.
   * @param member Who is who.
   */
  constructor(records: Records, leases: LeaseQueues, member: Member) {
    this.#records = records;
    this.#leases = leases;
    this.#member = member;
  }

  /** All of them, by bookmark. */
  list(): Promise<Map<string, StoredRecord>> {
    return listAll(this.#records, OWNER);
  }

  /** Takes a bookmark for this process, if nobody has meanwhile. */
  async take(lease: Lease, revision: number): Promise<void> {
    const value = { member: this.#member.id() };
    const options = { revision };
    if (!await this.#records.put(OWNER, lease.bookmark, value, options)) return;
    lease.keep(revision + 1, this.#member.ownerOf(this.#member.id()));
    // It was given back while the store was asked.
    if (this.#leases.head(lease.bookmark) !== lease) {
      await this.handOver(lease, this.#leases.head(lease.bookmark));
    }
  }

  /** To the next handler of this process, or to whoever takes it. */
  async handOver(lease: Lease, next: Lease | undefined): Promise<void> {
    if (lease.revision === undefined) return;
    const { bookmark, revision } = lease;
    const owner = lease.owner;
    lease.lose(undefined);
    if (next) return next.keep(revision, owner!);
    try {
      await this.#records.put(OWNER, bookmark, {}, { revision });
    } catch (error) {
      lease.report(error);
    }
  }

  /** What a lost request has left in the name of this process. */
  async giveBack(owners: Map<string, StoredRecord>): Promise<void> {
    for (const [bookmark, { value, revision }] of owners) {
      if (value.member !== this.#member.id() || this.#leases.head(bookmark)) {
        continue;
      }
      await this.#records.put(OWNER, bookmark, {}, { revision });
    }
  }
}
