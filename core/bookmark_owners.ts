import { MEMBER } from "./heartbeat.ts";
import { OWNER } from "./owner_records.ts";
import type { Provider } from "./provider.ts";
import { listAll } from "./records.ts";

/** The processes that own bookmarks, as their machines know them. */
export async function readOwners(
  { records }: Provider<any>,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if (!records) return found;
  const members = await listAll(records, MEMBER);
  for (const [bookmark, { value }] of await listAll(records, OWNER)) {
    const { member } = value as { member?: string };
    if (member === undefined) continue;
    const process = members.get(member)?.value.process;
    found.set(bookmark, process || member);
  }
  return found;
}
