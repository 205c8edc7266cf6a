import { draw } from "./rendezvous.ts";
import { shardOf } from "./slices.ts";

/** A slice that a process could work on, and how it is shared out. */
export type Share = {
  /** The handler, by its bookmark. */
  readonly handler: string;
  /** The slice. */
  readonly slice: number;
  /** Into how many shards this process divides the handler. */
  readonly shards: number;
  /** Whether this process takes no more of it, and gives back what it has. */
  isLeaving(): boolean;
};

/**
 * Which process is to have each shard: every one computes the same from the
 * same names, without a word between them. Each gets as many as the others, or
 * one less; one that joins or leaves moves few. It is rendezvous hashing with
 * bounded loads, after Mirrokni, Thorup and Zadimoghaddam, 2016.
 *
 * @param handler What is shared out.
 * @param shards Into how many parts.
 * @param members Those that take part; one at least.
 * @returns The member of each part.
 */
export function shareOut(
  handler: string,
  shards: number,
  members: readonly string[],
): string[] {
  const fewest = Math.floor(shards / members.length);
  let larger = shards % members.length;
  const loads = new Map(members.map((member) => [member, 0]));
  const owners: string[] = [];
  for (let shard = 0; shard < shards; shard++) {
    const what = `${handler}/${shard}`;
    const free = members.filter((member) => {
      const load = loads.get(member)!;
      return load < fewest || load === fewest && larger > 0;
    });
    const owner = free.reduce((best, member) =>
      comesFirst(what, member, best) ? member : best
    );
    const load = loads.get(owner)!;
    if (load === fewest) larger--;
    loads.set(owner, load + 1);
    owners.push(owner);
  }
  return owners;
}

function comesFirst(what: string, one: string, other: string): boolean {
  const [left, right] = [draw(what, one), draw(what, other)];
  return left === right ? one < other : left > right;
}

/** The handlers that several processes share, and who takes part in which. */
export class SharedHandlers {
  #members: Map<string, { id: string; shards: number }[]> = new Map();
  #owners: Map<string, string[]> = new Map();

  /** A process takes part in some handlers, with so many shards of each. */
  add(id: string, shards: Record<string, number>): void {
    for (const [handler, count] of Object.entries(shards)) {
      const members = this.#members.get(handler) ?? [];
      members.push({ id, shards: count });
      this.#members.set(handler, members);
    }
  }

  /** Who is to have a slice; undefined if nobody takes part. */
  ownerOf({ handler, slice }: Share): string | undefined {
    const owners = this.#ownersOf(handler);
    return owners?.[shardOf(slice, owners.length)];
  }

  #ownersOf(handler: string): string[] | undefined {
    const known = this.#owners.get(handler);
    if (known) return known;
    const members = this.#members.get(handler);
    if (!members) return undefined;
    // While a new number is deployed, all of them follow the greatest.
    const shards = Math.max(...members.map((member) => member.shards));
    const ids = members.map(({ id }) => id);
    const owners = shareOut(handler, shards, ids);
    this.#owners.set(handler, owners);
    return owners;
  }
}
