import { type HandlerControls, StoreError } from "evtstore";
import { setTimeout as sleep } from "node:timers/promises";

const PAUSE_MS = 20;

/**
 * Lets a handler handle everything that is new, also while another run on the
 * same database does the same with the same bookmark.
 */
export async function catchUp(handler: HandlerControls): Promise<void> {
  for (;;) {
    try {
      await handler.runOnce();
      return;
    } catch (error) {
      const isShared = error instanceof StoreError &&
        error.code === "BOOKMARK_MOVED";
      if (!isShared) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
