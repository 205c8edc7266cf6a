import { BOOKMARK_RECORD, isOfParked } from "../core/bookmark_records.ts";
import type { ParkedValue } from "../core/parked_events.ts";
import type { Provider } from "../core/provider.ts";
import { listAll } from "../core/records.ts";

/** All that is parked, of every bookmark. */
export async function listParked(
  provider: Provider<any>,
): Promise<ParkedValue[]> {
  if (!provider.records) return [];
  const records = await listAll(provider.records, BOOKMARK_RECORD);
  return [...records.values()]
    .filter(({ key }) => isOfParked(key))
    .map(({ value }) => value as ParkedValue)
    .filter(({ version, lastVersion }) => version <= lastVersion)
    .sort((one, two) => one.at - two.at);
}
