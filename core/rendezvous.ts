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
 * What a member draws for something: the highest has it. FNV-1a, mixed as
 * MurmurHash3 does: without that, those of similar names would be in one order.
 */
export function draw(what: string, member: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${member}/${what}`) {
    hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
