import { BOOKMARK_RECORD, isOfParked } from "./bookmark_records.ts";
import type { ParkedValue } from "./parked_events.ts";
import type { Provider } from "./provider.ts";
import { listAll } from "./records.ts";

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
