import type { EventMeta } from "./event.ts";
import { isSamePosition } from "./position.ts";
import type { Provider } from "./provider.ts";
import { restorePosition, type StoredPosition } from "./stored_position.ts";

/** Whether an event stands before a position in the log. */
export async function isBefore(
  provider: Provider<any>,
  { stream, aggregateId, version, position }: EventMeta,
  stored: StoredPosition,
): Promise<boolean> {
  const other = restorePosition(stored, position);
  const isNumber = typeof position === "number" || typeof position === "bigint";
  if (isNumber) return position < other;
  // The place of the event itself, or of another part of what it is today.
  if (isSamePosition(position, other)) return false;
  // Positions are opaque: what stands behind one is what is read after it.
  const [next] = await provider.getEventsFor(stream, aggregateId, other, {
    limit: 1,
  });
  return next === undefined || next.version > version;
}
