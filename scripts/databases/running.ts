import type { DatabaseDefinition } from "./definition.ts";
import { isServerOf } from "./process.ts";
import type { ServerRecord } from "./state.ts";

/** Whether what we started runs still. */
export async function isRunning(
  definition: DatabaseDefinition,
  record: ServerRecord | undefined,
): Promise<boolean> {
  if (record === undefined) return false;
  if (record.via === "package") return isServerOf(record.folder, record.pid);
  return await definition.ask(record.url).then(() => true, () => false);
}
