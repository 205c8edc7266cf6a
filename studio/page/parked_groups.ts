import type { StudioParked } from "../api.ts";

/** What a handler has parked because of one failure. */
export type ParkedGroup = {
  key: string;
  bookmark: string;
  error: StudioParked["error"];
  /** Oldest first. */
  members: StudioParked[];
};

/** Puts together what failed at the same: the most frequent failure first. */
export function groupParked(parked: StudioParked[]): ParkedGroup[] {
  const groups = new Map<string, ParkedGroup>();
  for (const one of parked) {
    const { bookmark, error } = one;
    const key = JSON.stringify([bookmark, error?.name, error?.message]);
    const group = groups.get(key) ?? { key, bookmark, error, members: [] };
    group.members.push(one);
    groups.set(key, group);
  }
  return [...groups.values()].sort((one, two) =>
    two.members.length - one.members.length
  );
}
