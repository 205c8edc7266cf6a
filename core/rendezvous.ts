import { hash } from "./hash.ts";

/**
 * Whose turn it is for something that several could take: each of them gets the
 * same answer, without a word between them, and different things go to
 * different ones. Thaler and Ravishankar, "A Name-Based Mapping Scheme for
 * Rendezvous", 1996.
 */
export function isChosen(
  what: string,
  member: string,
  members: string[],
): boolean {
  const own = draw(what, member);
  return members.every((other) => draw(what, other) <= own);
}

/**
 * What a member draws for something: the highest has it. By a hash that is mixed:
 * without that, those of similar names would be in one order.
 */
export function draw(what: string, member: string): number {
  return hash(`${member}/${what}`);
}
